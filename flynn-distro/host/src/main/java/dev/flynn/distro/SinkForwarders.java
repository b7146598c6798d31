package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.log.Sink;
import dev.flynn.logs.LogForwarder;
import dev.flynn.logs.LogMux;
import dev.flynn.logs.SyslogDestination;
import dev.flynn.logs.SyslogTarget;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import dev.flynn.state.WakeLoop;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends the lines of this host's logs to the sinks of the cluster, as these come and go. */
final class SinkForwarders implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SinkForwarders.class);

    private final ClusterState state;
    private final LogMux logs;
    private final Path directory;
    private final Map<String, LogForwarder> forwarders = new HashMap<>();
    private final WakeLoop loop;

    /** @param directory for how far each sink has the lines */
    SinkForwarders(ClusterState state, LogMux logs, Path directory) {
        this.state = state;
        this.logs = logs;
        this.directory = directory;
        this.loop = new WakeLoop("sink-forwarders", state.store(), state.clock(), List.of("sinks/"), this::look);
        loop.start();
    }

    private Instant look() {
        Map<String, Sink> wanted =
                state.sinks().list().stream().map(Versioned::value).collect(Collectors.toMap(Sink::id, sink -> sink));
        forwarders.entrySet().removeIf(known -> {
            boolean gone = !wanted.containsKey(known.getKey());
            if (gone) {
                known.getValue().close();
            }
            return gone;
        });
        forgetAllBut(wanted.keySet());
        wanted.values().stream()
                .filter(sink -> !forwarders.containsKey(sink.id()))
                .forEach(this::begin);
        return Instant.MAX;
    }

    private void begin(Sink sink) {
        try {
            SyslogTarget target = SyslogTarget.parse(url(sink.config()));
            var destination = new SyslogDestination(target, directory.resolve(sink.id()), logs::ends);
            forwarders.put(sink.id(), new LogForwarder(logs, destination, target.toString()));
        } catch (FlynnException e) {
            log.atWarn().addKeyValue("sink", sink.id()).setCause(e).log("lines are not sent to a sink");
        }
    }

    private static String url(Sink.Config config) {
        if (config.format().isEmpty() || config.url().contains("format=")) {
            return config.url();
        }
        return config.url() + (config.url().contains("?") ? "&" : "?") + "format=" + config.format();
    }

    private void forgetAllBut(Iterable<String> sinks) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                boolean wanted = false;
                for (String sink : sinks) {
                    wanted |= file.getFileName().toString().startsWith(sink);
                }
                if (!wanted) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot look through " + directory, e);
        }
    }

    @Override
    public void close() {
        loop.close();
        forwarders.values().forEach(LogForwarder::close);
    }
}
