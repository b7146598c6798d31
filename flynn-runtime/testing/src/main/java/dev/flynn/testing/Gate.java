package dev.flynn.testing;

import dev.flynn.api.error.FlynnException;

/**
 * Between one run of a host and everything else: the place where its faults happen. Thread-safe.
 *
 * <p>A paused host waits here, at its next step, until it goes on. A host that is cut off is told that nobody answers. A dead
 * one gets nothing done any more, however long its threads take to notice.
 */
final class Gate {

    private final String host;

    // guarded by this
    private boolean paused;
    private boolean cut;
    private boolean dead;

    Gate(String host) {
        this.host = host;
    }

    /** Waits while the host is paused. */
    synchronized void pass() {
        waitWhile(false);
    }

    /**
     * Waits until something can reach the host.
     *
     * @return false if it is dead
     */
    synchronized boolean awaitConnected() {
        waitWhile(true);
        return !dead && !cut;
    }

    /** @throws FlynnException {@code SERVICE_UNAVAILABLE} if the host is cut off, or dead */
    synchronized void requireConnected() {
        pass();
        if (dead) {
            throw FlynnException.unavailable("host %s is dead".formatted(host), null);
        }
        if (cut) {
            throw FlynnException.unavailable(
                    "host %s is cut off: the cluster store has no quorum there".formatted(host), null);
        }
    }

    private synchronized void waitWhile(boolean alsoCut) {
        try {
            while (!dead && (paused || alsoCut && cut)) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    synchronized void setPaused(boolean value) {
        paused = value;
        notifyAll();
    }

    synchronized void setCut(boolean value) {
        cut = value;
        notifyAll();
    }

    synchronized void die() {
        dead = true;
        notifyAll();
    }

    synchronized boolean isCut() {
        return cut;
    }

    synchronized boolean isDead() {
        return dead;
    }

    /** Whether what the host does now is done soon, so that it can be waited for. */
    synchronized boolean isPrompt() {
        return !paused && !dead;
    }

    /** Whether what happens elsewhere is told to the host soon. */
    synchronized boolean isReached() {
        return !paused && !cut && !dead;
    }
}
