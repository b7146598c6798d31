package dev.flynn.it;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.security.SecureRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** What has to do with processes that serve. */
final class Processes {

    private static final int PORTS = 5_000;
    private static final int FIRST_PORT = 20_000 + PORTS * (Integer.getInteger("flynn.fork", 1) - 1);
    private static final AtomicInteger NEXT = new AtomicInteger(new SecureRandom().nextInt(PORTS));

    private Processes() {}

    /** Asks a process to end, and ends it if it does not. */
    static void stop(Process process) {
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    /** Ends a process as a power cut would. */
    static void kill(Process process) {
        process.destroyForcibly();
        process.onExit().join();
    }

    /**
     * A port of loopback that nobody has now, and that the system gives to no outgoing connection. JVMs that run tests beside
     * each other have a range each, so that one does not take what the other has just found.
     */
    static int freePort() {
        for (int tries = 0; tries < PORTS; tries++) {
            int port = FIRST_PORT + NEXT.getAndIncrement() % PORTS;
            try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException taken) {
                continue;
            }
        }
        throw new AssertionError("no port from %d on is free".formatted(FIRST_PORT));
    }
}
