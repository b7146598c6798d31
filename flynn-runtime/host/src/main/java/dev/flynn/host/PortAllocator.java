package dev.flynn.host;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.release.Port;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Allots ports of this machine to jobs that have no address of their own: below the range that the kernel takes outgoing
 * ports from, never twice while in use, and only those that nobody listens on. Thread-safe.
 */
final class PortAllocator {

    private static final int FIRST = 10_000;
    private static final int LAST = 29_999;
    private static final int FIRST_OF_OWN_ADDRESS = 5000;

    private final String listenIp;
    private final int first;
    private final int last;
    private final Random random = new Random();
    private final Set<Integer> inUse = new HashSet<>();

    PortAllocator(String listenIp) {
        this(listenIp, FIRST, LAST);
    }

    PortAllocator(String listenIp, int first, int last) {
        this.listenIp = listenIp;
        this.first = first;
        this.last = last;
    }

    /** @throws FlynnException {@code NO_CAPACITY} if no port is free */
    synchronized int allot() {
        int range = last - first + 1;
        int start = random.nextInt(range);
        for (int i = 0; i < range; i++) {
            int port = first + (start + i) % range;
            if (!inUse.contains(port) && isFree(port)) {
                inUse.add(port);
                return port;
            }
        }
        throw new FlynnException(
                ErrorCode.NO_CAPACITY, "no port from %d to %d is free on this host".formatted(first, last));
    }

    /** The ports of a job that has an address of its own: those that it asks for, the others from 5000 on (contract: layer 0). */
    static List<Port> ofOwnAddress(List<Port> wanted) {
        List<Port> assigned = new ArrayList<>();
        for (Port port : wanted) {
            assigned.add(port.port() == 0 ? port.withPort(FIRST_OF_OWN_ADDRESS + assigned.size()) : port);
        }
        return assigned;
    }

    /** A port that a job already has. */
    synchronized void reserve(int port) {
        inUse.add(port);
    }

    synchronized void release(int port) {
        inUse.remove(port);
    }

    private boolean isFree(int port) {
        return canBind(new InetSocketAddress(listenIp, port)) && canBind(new InetSocketAddress(port));
    }

    private static boolean canBind(InetSocketAddress address) {
        try (var socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(address);
            return true;
        } catch (IOException taken) {
            return false;
        }
    }
}
