package dev.flynn.link;

import dev.flynn.api.error.FlynnException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One other host: the connection to it, or the attempts to get one. It is dialled when somebody wants it, and again after a
 * pause that grows; while it was wanted lately, a lost connection is replaced before anybody asks. Thread-safe.
 */
final class Peer {

    private static final Logger log = LoggerFactory.getLogger(Peer.class);

    private static final int MAX_WAITING = 10_000;
    private static final long WANTED_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final LinkCore core;
    private final PeerKey key;
    private final Supplier<CompletableFuture<Connection>> dial;

    private volatile @Nullable Connection connection;
    private volatile long lastUse = System.nanoTime();

    // guarded by this
    private final Deque<PendingCall> waiting = new ArrayDeque<>();
    private final Deque<CompletableFuture<Connection>> interested = new ArrayDeque<>();
    private boolean dialling;
    private boolean pausing;
    private boolean closed;
    private int failures;
    private String lastFailure = "";

    Peer(LinkCore core, PeerKey key, Supplier<CompletableFuture<Connection>> dial) {
        this.core = core;
        this.key = key;
        this.dial = dial;
    }

    void call(PendingCall call) {
        Connection open = connection;
        if (open != null && open.isOpen()) {
            lastUse = System.nanoTime();
            open.send(call);
            return;
        }
        synchronized (this) {
            lastUse = System.nanoTime();
            open = connection;
            if (open == null || !open.isOpen()) {
                if (closed || waiting.size() >= MAX_WAITING) {
                    call.completeExceptionally(FlynnException.unavailable(
                            closed
                                    ? "the link is closed"
                                    : "too many calls wait for host \"%s\"".formatted(key.hostId()),
                            null));
                    return;
                }
                waiting.add(call);
                dialUnlessPausing();
                return;
            }
        }
        open.send(call);
    }

    CompletableFuture<Connection> connect() {
        synchronized (this) {
            lastUse = System.nanoTime();
            Connection open = connection;
            if (open != null && open.isOpen()) {
                return CompletableFuture.completedFuture(open);
            }
            var result = new CompletableFuture<Connection>();
            if (closed) {
                result.completeExceptionally(FlynnException.unavailable("the link is closed", null));
                return result;
            }
            interested.add(result);
            dialUnlessPausing();
            return result;
        }
    }

    private synchronized void dialUnlessPausing() {
        if (dialling || pausing || closed) {
            return;
        }
        dialling = true;
        try {
            core.workers().execute(() -> dial.get().whenComplete(this::dialled));
        } catch (RejectedExecutionException closing) {
            dialling = false;
        }
    }

    private void dialled(@Nullable Connection established, @Nullable Throwable failure) {
        synchronized (this) {
            dialling = false;
        }
        if (established != null) {
            offer(established);
        } else if (failure != null) {
            failed(Failures.cause(failure));
        }
    }

    /** A connection that was made in either direction. */
    void offer(Connection established) {
        Deque<CompletableFuture<Connection>> others;
        Connection preferred;
        synchronized (this) {
            if (closed) {
                established.close("the link is closed");
                return;
            }
            preferred = preferred(connection, established);
            failures = 0;
            lastFailure = "";
            // those that waited go first, before anybody can see the connection
            waiting.forEach(preferred::send);
            waiting.clear();
            connection = preferred;
            others = new ArrayDeque<>(interested);
            interested.clear();
        }
        log.atDebug()
                .addKeyValue("host", key.hostId())
                .addKeyValue("address", key.address())
                .log("connected");
        others.forEach(other -> other.complete(preferred));
        if (!established.isOpen()) {
            lost(established);
        }
    }

    /**
     * Two hosts that dial each other at once keep the connection that the one with the smaller id made; else the newer one
     * counts. The other ends when it is idle.
     */
    private Connection preferred(@Nullable Connection old, Connection established) {
        if (old == null || !old.isOpen()) {
            return established;
        }
        boolean simultaneous = old.instance() == established.instance() && old.dialled() != established.dialled();
        boolean oursCounts = core.hostId().compareTo(key.hostId()) < 0;
        boolean keepOld = simultaneous && old.dialled() == oursCounts;
        (keepOld ? established : old).retire();
        return keepOld ? old : established;
    }

    void lost(Connection gone) {
        synchronized (this) {
            if (connection != gone) {
                return;
            }
            connection = null;
            if (System.nanoTime() - lastUse < WANTED_NANOS) {
                pause(core.config().firstPause());
            }
        }
    }

    private void failed(Throwable why) {
        Deque<PendingCall> calls;
        Deque<CompletableFuture<Connection>> others;
        String message = String.valueOf(why.getMessage());
        synchronized (this) {
            failures++;
            if (!message.equals(lastFailure)) {
                lastFailure = message;
                log.atWarn()
                        .addKeyValue("host", key.hostId())
                        .addKeyValue("reason", message)
                        .log("host is not reachable");
            }
            calls = new ArrayDeque<>(waiting);
            waiting.clear();
            others = new ArrayDeque<>(interested);
            interested.clear();
            long pause = core.config().firstPause().toMillis() << Math.min(10, failures - 1);
            pause(Duration.ofMillis(Math.min(pause, core.config().maxPause().toMillis())));
        }
        calls.forEach(call -> call.completeExceptionally(why));
        others.forEach(other -> other.completeExceptionally(why));
    }

    private void pause(Duration about) {
        if (pausing || closed) {
            return;
        }
        pausing = true;
        long millis = about.toMillis() / 2 + ThreadLocalRandom.current().nextLong(about.toMillis() / 2 + 1);
        try {
            var unused = core.loops().next().schedule(this::pauseIsOver, millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException closing) {
            pausing = false;
        }
    }

    private synchronized void pauseIsOver() {
        pausing = false;
        boolean wanted = !waiting.isEmpty() || !interested.isEmpty() || System.nanoTime() - lastUse < WANTED_NANOS;
        Connection open = connection;
        if (wanted && (open == null || !open.isOpen())) {
            dialUnlessPausing();
        }
    }

    void checkTime(long now) {
        Deque<PendingCall> late = new ArrayDeque<>();
        synchronized (this) {
            waiting.removeIf(call -> {
                if (call.isDone()) {
                    return true;
                }
                if (call.isLate(now)) {
                    late.add(call);
                    return true;
                }
                return false;
            });
        }
        late.forEach(call -> call.timeOut(key.hostId()));
    }

    void close() {
        Deque<PendingCall> calls;
        Deque<CompletableFuture<Connection>> others;
        synchronized (this) {
            closed = true;
            calls = new ArrayDeque<>(waiting);
            waiting.clear();
            others = new ArrayDeque<>(interested);
            interested.clear();
        }
        var why = FlynnException.unavailable("the link is closed", null);
        calls.forEach(call -> call.completeExceptionally(why));
        others.forEach(other -> other.completeExceptionally(why));
    }
}
