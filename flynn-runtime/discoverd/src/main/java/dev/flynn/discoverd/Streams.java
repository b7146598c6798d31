package dev.flynn.discoverd;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.discovery.Discovery;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.glassfish.grizzly.http.server.Response;
import org.jspecify.annotations.Nullable;

/** The clients that follow a service. */
final class Streams implements AutoCloseable {

    /** How many clients are served; more are refused. */
    static final int MAX_STREAMS = 10_000;

    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    private final Set<EventStream> open = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService timer =
            java.util.concurrent.Executors.newSingleThreadScheduledExecutor(new NamedThreads("discoverd-streams"));

    /** The last event and how it is written: the same event usually goes to many. */
    private volatile @Nullable Frame last;

    private record Frame(DiscoveryEvent event, byte[] bytes) {}

    /** @param keepAlive how long a stream may be silent */
    Streams(Duration keepAlive) {
        long millis = keepAlive.toMillis();
        var unused = timer.scheduleWithFixedDelay(
                () -> open.forEach(EventStream::keepAlive), millis, millis, TimeUnit.MILLISECONDS);
    }

    void open(Discovery discovery, String service, Predicate<DiscoveryEvent> wanted, Bodies bodies, Response response)
            throws IOException {
        if (open.size() >= MAX_STREAMS) {
            throw FlynnException.unavailable("this host serves %d streams already".formatted(MAX_STREAMS), null);
        }
        response.suspend();
        var stream = new EventStream(response, wanted, event -> frame(event, bodies), open::remove);
        open.add(stream);
        try {
            stream.begin();
            stream.started(discovery.watch(service, stream));
        } catch (FlynnException e) {
            stream.end(e.getMessage());
        } catch (IOException | RuntimeException e) {
            stream.onError(e);
        }
    }

    private byte[] frame(DiscoveryEvent event, Bodies bodies) {
        Frame known = last;
        if (known == null || known.event() != event) {
            var bytes = new ByteArrayOutputStream();
            bytes.writeBytes("data: ".getBytes(StandardCharsets.US_ASCII));
            bytes.writeBytes(bodies.write(event));
            bytes.writeBytes("\n\n".getBytes(StandardCharsets.US_ASCII));
            known = new Frame(event, bytes.toByteArray());
            last = known;
        }
        return known.bytes();
    }

    int count() {
        return open.size();
    }

    void endAll(String reason) {
        open.forEach(stream -> stream.end(reason));
    }

    @Override
    public void close() {
        Executors.stop(timer, "discoverd", STOP_PATIENCE);
        endAll("discoverd was stopped on this host");
    }
}
