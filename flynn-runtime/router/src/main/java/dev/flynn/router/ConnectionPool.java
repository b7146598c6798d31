package dev.flynn.router;

import dev.flynn.router.table.Backend;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Connections of one event loop that wait for a request, by backend; the last one used is the first to be used again. */
final class ConnectionPool {

    private static final int MAX_IDLE_PER_BACKEND = 256;

    private final long maxIdleNanos;
    private final Map<Backend, Deque<BackendConnection>> idle = new HashMap<>();

    ConnectionPool(Duration maxIdle) {
        this.maxIdleNanos = maxIdle.toNanos();
    }

    /** A living connection that has not waited for longer than that, or null. */
    @Nullable
    BackendConnection take(Backend backend, long withinNanos) {
        Deque<BackendConnection> connections = idle.get(backend);
        while (connections != null && !connections.isEmpty()) {
            BackendConnection connection = connections.getLast();
            if (connection.idleNanos(System.nanoTime()) > withinNanos) {
                return null;
            }
            connections.removeLast();
            if (connection.isActive()) {
                return connection;
            }
        }
        return null;
    }

    /** Keeps a connection for the next request, or closes it when there are enough. */
    void add(BackendConnection connection) {
        Deque<BackendConnection> connections = idle.computeIfAbsent(connection.backend(), unused -> new ArrayDeque<>());
        if (connections.size() < MAX_IDLE_PER_BACKEND) {
            connections.addLast(connection);
        } else {
            connection.close();
        }
    }

    void remove(BackendConnection connection) {
        Deque<BackendConnection> connections = idle.get(connection.backend());
        if (connections != null) {
            connections.remove(connection);
        }
    }

    /** Closes what has waited for too long, and all that leads to backends that no table names. */
    void expire(long now) {
        closeIf(connection -> connection.backend().isRetired() || connection.idleNanos(now) > maxIdleNanos);
    }

    void closeAll() {
        closeIf(connection -> true);
    }

    private void closeIf(Predicate<BackendConnection> condition) {
        List<BackendConnection> closing = new ArrayList<>();
        idle.values().removeIf(connections -> {
            connections.removeIf(connection -> condition.test(connection) && closing.add(connection));
            return connections.isEmpty();
        });
        closing.forEach(BackendConnection::close);
    }
}
