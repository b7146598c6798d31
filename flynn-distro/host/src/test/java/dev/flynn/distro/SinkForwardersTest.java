package dev.flynn.distro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.api.log.Sink;
import dev.flynn.json.FlynnJson;
import dev.flynn.logs.LogMux;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SinkForwardersTest {

    @TempDir
    Path directory;

    private final AppId app = AppId.random();
    private ClusterState state;
    private LogMux logs;
    private SyslogServer server;
    private Path positions;

    /** Keeps what it is sent. */
    private static final class SyslogServer implements AutoCloseable {

        private final ServerSocket socket;
        private final StringBuffer received = new StringBuffer();

        SyslogServer() throws IOException {
            socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            Thread thread = new Thread(this::accept, "syslog-server");
            thread.setDaemon(true);
            thread.start();
        }

        private void accept() {
            byte[] buffer = new byte[4096];
            while (!socket.isClosed()) {
                try (Socket client = socket.accept()) {
                    for (int n = client.getInputStream().read(buffer);
                            n > 0;
                            n = client.getInputStream().read(buffer)) {
                        received.append(new String(buffer, 0, n, StandardCharsets.UTF_8));
                    }
                } catch (IOException closed) {
                    // the next one, if there is to be one
                }
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @BeforeEach
    void start() throws IOException {
        state = new ClusterState(new MemoryClusterStore(), new FlynnJson(), Clock.systemUTC());
        logs = new LogMux(Files.createDirectory(directory.resolve("log")));
        positions = Files.createDirectory(directory.resolve("log-sinks"));
        server = new SyslogServer();
    }

    @AfterEach
    void stop() throws IOException {
        logs.close();
        server.close();
        state.store().close();
    }

    private void write(String text) {
        logs.accept(app, new LogMessage("host1", "host1-a", text, Optional.of("web"), "stdout", Instant.now()));
    }

    private Sink addSink(String format) {
        Instant now = Instant.now();
        String url = "syslog://127.0.0.1:" + server.socket.getLocalPort();
        var sink = new Sink(
                UUID.randomUUID().toString(),
                Sink.SYSLOG,
                false,
                new Sink.Config(url, "", false, false, false, format),
                now,
                now);
        Transaction.Builder transaction = Transaction.builder();
        state.sinks().create(transaction, sink.id(), sink);
        var unused = state.commit(transaction);
        return sink;
    }

    private boolean hasPosition(Sink sink) {
        try (Stream<Path> files = Files.list(positions)) {
            return files.anyMatch(file -> file.getFileName().toString().startsWith(sink.id()));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void linesGoToASinkWhileItIsThere() {
        try (var forwarders = new SinkForwarders(state, logs, positions)) {
            Sink sink = addSink("newline");
            await().until(() -> hasPosition(sink));
            write("hello sink");
            await().until(() -> server.received.toString().contains("hello sink\n"));
            assertThat(server.received.toString()).startsWith("<").contains(app.toString());

            Transaction.Builder transaction = Transaction.builder();
            state.sinks().remove(transaction, state.sinks().get(sink.id()));
            var unused = state.commit(transaction);

            await().until(() -> !hasPosition(sink));
        }
    }

    @Test
    void whatASinkHasNotGotIsSentAfterARestart() {
        Sink sink = addSink("");
        try (var forwarders = new SinkForwarders(state, logs, positions)) {
            await().until(() -> hasPosition(sink));
        }
        write("while nobody forwarded");
        try (var forwarders = new SinkForwarders(state, logs, positions)) {
            await().until(() -> server.received.toString().contains("while nobody forwarded"));
        }
    }
}
