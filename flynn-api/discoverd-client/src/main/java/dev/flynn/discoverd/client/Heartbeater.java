package dev.flynn.discoverd.client;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.ErrorType;
import dev.flynn.api.error.FlynnException;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Sends the heartbeats of one instance: every three to five seconds, after a failure every 200 to 400 ms. */
final class Heartbeater implements Registration {

    private static final long INTERVAL_MILLIS = 5000;
    private static final long INTERVAL_SPREAD_MILLIS = 2000;
    private static final long RETRY_MILLIS = 200;

    private final DiscoverdClient client;
    private final ScheduledExecutorService timer;
    private final String service;

    // guarded by this
    private Instance wanted;
    private boolean confirmed;
    private boolean closed;
    private @Nullable Future<?> next;

    Heartbeater(DiscoverdClient client, ScheduledExecutorService timer, String service, Instance instance) {
        this.client = client;
        this.timer = timer;
        this.service = service;
        this.wanted = instance;
    }

    /** Registers, or begins to try; throws what can never work. */
    synchronized void begin() {
        try {
            send();
        } catch (FlynnException e) {
            if (e.code().type() == ErrorType.USER) {
                throw e;
            }
        }
        schedule();
    }

    private void send() {
        confirmed = false;
        client.put(service, wanted);
        confirmed = true;
    }

    private synchronized void beat() {
        if (closed) {
            return;
        }
        try {
            send();
        } catch (RuntimeException triedAgain) {
            // the service may have been removed, or no server answers
        }
        schedule();
    }

    private void schedule() {
        long delay = confirmed
                ? INTERVAL_MILLIS - ThreadLocalRandom.current().nextLong(INTERVAL_SPREAD_MILLIS)
                : RETRY_MILLIS + ThreadLocalRandom.current().nextLong(RETRY_MILLIS);
        next = timer.schedule(this::beat, delay, TimeUnit.MILLISECONDS);
    }

    @Override
    public String service() {
        return service;
    }

    @Override
    public synchronized Instance instance() {
        return wanted;
    }

    @Override
    public synchronized boolean isConfirmed() {
        return confirmed;
    }

    @Override
    public synchronized void setMeta(Map<String, String> meta) {
        wanted = new Instance(wanted.id(), wanted.addr(), wanted.proto(), meta, 0);
        cancelNext();
        beat();
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        cancelNext();
        client.closed(this);
        try {
            client.deregister(service, wanted.id());
        } catch (FlynnException expiresByItself) {
            // after ten seconds
        }
    }

    private void cancelNext() {
        if (next != null) {
            next.cancel(false);
        }
    }
}
