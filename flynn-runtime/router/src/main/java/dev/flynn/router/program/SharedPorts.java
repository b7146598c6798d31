package dev.flynn.router.program;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ports that jobs of one {@link RouterProgram} listen on. A router and its successor share them for a while; with anybody
 * else they are not shared, although the system would allow it to programs of the same user. Thread-safe.
 */
final class SharedPorts {

    private static final Logger log = LoggerFactory.getLogger(SharedPorts.class);

    private static final Path MIGRATION = Path.of("/proc/sys/net/ipv4/tcp_migrate_req");

    private final Map<Integer, Integer> listeners = new HashMap<>();

    /**
     * What a listener has not accepted when it closes goes to the other one that shares its port, if the system knows how to
     * (Linux 5.14) and lets us say so; without it, a connection that is made in that moment may be lost.
     */
    static void handOverWaitingConnections() {
        if (!Files.isWritable(MIGRATION)) {
            return;
        }
        try {
            Files.writeString(MIGRATION, "1\n");
        } catch (IOException e) {
            log.atDebug().setCause(e).log("connections that wait when a router is replaced may be lost");
        }
    }

    /**
     * Counts a router that is about to listen, until the answer is closed.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if a stranger listens there
     */
    synchronized AutoCloseable share(String ip, int port) {
        if (port != 0 && !listeners.containsKey(port)) {
            requireFree(ip, port);
        }
        listeners.merge(port, 1, Integer::sum);
        return () -> release(port);
    }

    private synchronized void release(int port) {
        listeners.computeIfPresent(port, (key, count) -> count == 1 ? null : count - 1);
    }

    private static void requireFree(String ip, int port) {
        try (var probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getByName(ip), port));
        } catch (IOException e) {
            throw FlynnException.unavailable(
                    "the router cannot listen on %s:%d (%s); free the port or choose another one"
                            .formatted(ip, port, e.getMessage()),
                    e);
        }
    }
}
