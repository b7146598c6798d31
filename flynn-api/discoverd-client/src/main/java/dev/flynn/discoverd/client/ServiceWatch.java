package dev.flynn.discoverd.client;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Follows one service on a thread of its own, and connects again whenever the stream breaks. */
final class ServiceWatch implements AutoCloseable {

    /** The server breaks its silence every 30 seconds. */
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(75);

    private static final Duration RETRY = Duration.ofMillis(200);

    private final Servers servers;
    private final Wire wire;
    private final String path;
    private final Duration patience;
    private final Consumer<DiscoveryEvent> watcher;
    private final Consumer<FlynnException> end;
    private final KnownService known = new KnownService();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition closing = lock.newCondition();
    private final Thread thread;
    private volatile boolean closed;
    private volatile @Nullable StreamConnection connection;

    /** @param patience how long no server may answer before the watch ends */
    ServiceWatch(
            Servers servers,
            Wire wire,
            String service,
            Duration patience,
            Consumer<DiscoveryEvent> watcher,
            Consumer<FlynnException> end) {
        this.servers = servers;
        this.wire = wire;
        this.path = "/services/" + service;
        this.patience = patience;
        this.watcher = watcher;
        this.end = end;
        this.thread = new Thread(this::run, "discoverd-watch-" + service);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    private void run() {
        long silentSince = System.nanoTime();
        while (!closed) {
            try {
                StreamConnection opened = servers.stream(path, LONGEST_SILENCE);
                connection = opened;
                known.reconnected();
                follow(opened);
                silentSince = System.nanoTime();
            } catch (FlynnException e) {
                if (System.nanoTime() - silentSince > patience.toNanos()) {
                    if (!closed) {
                        end.accept(e);
                    }
                    return;
                }
            }
            pause();
        }
    }

    private void follow(StreamConnection opened) {
        try (opened) {
            var data = new StringBuilder();
            for (String line = opened.line(); line != null && !closed; line = opened.line()) {
                if (line.startsWith("event: error")) {
                    return;
                } else if (line.startsWith("data:")) {
                    data.append(line.substring("data:".length()).strip());
                } else if (line.isEmpty() && data.length() > 0) {
                    tell(data.toString());
                    data.setLength(0);
                }
            }
        } catch (IOException broken) {
            // connected again by the caller
        }
    }

    private void tell(String data) {
        wire.event(data).ifPresent(event -> {
            for (DiscoveryEvent told : known.tell(event)) {
                if (!closed) {
                    watcher.accept(told);
                }
            }
        });
    }

    private void pause() {
        lock.lock();
        try {
            long left = RETRY.toNanos();
            while (!closed && left > 0) {
                left = closing.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            closed = true;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            closing.signalAll();
        } finally {
            lock.unlock();
        }
        StreamConnection open = connection;
        if (open != null) {
            open.close();
        }
        if (Thread.currentThread() != thread) {
            try {
                thread.join(TimeUnit.SECONDS.toMillis(5));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
