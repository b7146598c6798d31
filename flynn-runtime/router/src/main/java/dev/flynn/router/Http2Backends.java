package dev.flynn.router;

import dev.flynn.router.table.Backend;
import io.netty.channel.ChannelFuture;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Connections of one event loop to backends that speak HTTP/2; each carries many requests at a time. */
final class Http2Backends {

    private static final Logger log = LoggerFactory.getLogger(Http2Backends.class);

    private final RouterLoop loop;
    private final Map<Backend, List<Http2BackendConnection>> connections = new HashMap<>();
    private final Map<Dial, List<Waiting>> dialing = new HashMap<>();

    /** Who dials the same backend with the same patience shares a dial. */
    private record Dial(Backend backend, int patienceMillis) {}

    /** Who waits for a connection to be there. */
    private record Waiting(Consumer<BackendSide> connected, Runnable refused) {}

    Http2Backends(RouterLoop loop) {
        this.loop = loop;
    }

    /** Opens a stream on a connection that is there or on a new one; those who wait for the same backend share one. */
    void open(Backend backend, int patienceMillis, Consumer<BackendSide> connected, Runnable refused) {
        for (Http2BackendConnection connection : connections.getOrDefault(backend, List.of())) {
            if (connection.hasRoom()) {
                connected.accept(connection.newStream());
                return;
            }
        }
        var dial = new Dial(backend, patienceMillis);
        List<Waiting> waiting = dialing.get(dial);
        if (waiting == null) {
            waiting = new ArrayList<>();
            dialing.put(dial, waiting);
            start(dial);
        }
        waiting.add(new Waiting(connected, refused));
    }

    void remove(Http2BackendConnection connection) {
        List<Http2BackendConnection> ofBackend = connections.get(connection.backend());
        if (ofBackend != null && ofBackend.remove(connection) && ofBackend.isEmpty()) {
            connections.remove(connection.backend());
        }
    }

    /** Closes what has waited for too long, and, when idle, what leads to backends that no table names. */
    void expire(long now) {
        long maxIdle = loop.core().config().backendIdle().toNanos();
        for (Http2BackendConnection connection : all()) {
            if (connection.isIdle() && (connection.backend().isRetired() || connection.idleNanos(now) > maxIdle)) {
                connection.close();
            }
        }
    }

    void closeAll() {
        all().forEach(Http2BackendConnection::close);
    }

    private List<Http2BackendConnection> all() {
        return connections.values().stream().flatMap(List::stream).toList();
    }

    private void start(Dial dial) {
        Backend backend = dial.backend;
        Http2BackendConnection connection = new Http2BackendConnection(loop, backend);
        ChannelFuture dialed = loop.dialer(dial.patienceMillis)
                .handler(connection.initializer())
                .connect(backend.socketAddress());
        // not at once: the handler says hello after those who wait for the connection were told of it
        dialed.addListener(
                outcome -> dialed.channel().eventLoop().execute(() -> dialed(dial, connection, outcome.cause())));
    }

    private void dialed(Dial dial, Http2BackendConnection connection, @Nullable Throwable failure) {
        Backend backend = dial.backend;
        List<Waiting> waiting = dialing.remove(dial);
        if (failure == null && connection.hasRoom()) {
            connections.computeIfAbsent(backend, unused -> new ArrayList<>()).add(connection);
        } else {
            log.atDebug().addKeyValue("backend", backend).setCause(failure).log("dial failed");
        }
        for (Waiting each : waiting == null ? List.<Waiting>of() : waiting) {
            if (failure == null && connection.hasRoom()) {
                each.connected.accept(connection.newStream());
            } else if (failure == null && connection.isActive()) {
                open(backend, dial.patienceMillis, each.connected, each.refused);
            } else {
                each.refused.run();
            }
        }
    }
}
