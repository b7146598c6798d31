package dev.flynn.router;

import dev.flynn.router.message.Head;
import dev.flynn.router.message.HeadBuffer;
import dev.flynn.router.table.Health;
import dev.flynn.router.telemetry.Meter;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/**
 * What belongs to one event loop: its clients, its connections to backends, its clock tick. Only the loop's thread touches
 * any of it, unless a method says otherwise.
 */
final class RouterLoop {

    private static final long MIN_TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long MAX_TICK_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int TICKS_PER_TIMEOUT = 4;

    private final RouterCore core;
    private final EventLoop eventLoop;
    private final int index;
    private final Bootstrap dialer;
    private final long coarseNanos;
    private final ConnectionPool pool;
    private final Http2Backends http2Backends;
    private final HealthChecks healthChecks;
    private final Head requestHead = new Head();
    private final Head responseHead = new Head();
    private final HeadBuffer headBuffer = new HeadBuffer();
    private final Set<LoopClient> clients = new LinkedHashSet<>();
    private final CompletableFuture<Void> drained = new CompletableFuture<>();

    /** @param index its number among the loops of the router */
    RouterLoop(RouterCore core, EventLoop eventLoop, int index, Transport transport) {
        this.core = core;
        this.eventLoop = eventLoop;
        this.index = index;
        this.dialer = transport.client().group(eventLoop);
        this.coarseNanos = TICKS_PER_TIMEOUT * tickNanos(core.config());
        this.pool = new ConnectionPool(core.config().backendIdle());
        this.http2Backends = new Http2Backends(this);
        this.healthChecks = new HealthChecks(this);
    }

    /** Begins to watch deadlines; from any thread. */
    void start() {
        long tick = tickNanos(core.config());
        var unused = eventLoop.scheduleAtFixedRate(this::tick, tick, tick, TimeUnit.NANOSECONDS);
    }

    RouterCore core() {
        return core;
    }

    /** Where this loop counts. */
    Meter.Cell cell(Meter meter) {
        return meter.cell(index);
    }

    Http2Backends http2Backends() {
        return http2Backends;
    }

    ConnectionPool pool() {
        return pool;
    }

    /** For one dial that gives up after that time. */
    Bootstrap dialer(int patienceMillis) {
        return dialer.clone().option(ChannelOption.CONNECT_TIMEOUT_MILLIS, patienceMillis);
    }

    /** Times shorter than that are too short for the tick. */
    long coarseNanos() {
        return coarseNanos;
    }

    /** Runs a task on the loop, unless that ends before; from the loop's thread. */
    void after(long nanos, Runnable task) {
        if (!eventLoop.isShuttingDown()) {
            var unused = eventLoop.schedule(task, nanos, TimeUnit.NANOSECONDS);
        }
    }

    /** Checks a backend from now on; from any thread. */
    void check(Health health) {
        eventLoop.execute(() -> healthChecks.begin(health));
    }

    /** For parsing one request head; its content is good until the next one is parsed. */
    Head requestHead() {
        return requestHead;
    }

    /** For parsing one response head; its content is good until the next one is parsed. */
    Head responseHead() {
        return responseHead;
    }

    /** For putting one head together. */
    HeadBuffer headBuffer() {
        return headBuffer.clear();
    }

    void add(LoopClient client) {
        clients.add(client);
    }

    void remove(LoopClient client) {
        clients.remove(client);
        if (core.isClosing() && clients.isEmpty()) {
            drained.complete(null);
        }
    }

    /**
     * Closes connections to backends that no table names; from any thread.
     *
     * @return done when nothing on this loop is choosing by an older table
     */
    CompletableFuture<Void> forgetRetired() {
        return CompletableFuture.runAsync(
                () -> {
                    pool.expire(System.nanoTime());
                    http2Backends.expire(System.nanoTime());
                },
                eventLoop);
    }

    /** Closes clients as soon as they have no request in flight; from any thread. */
    CompletableFuture<Void> drain() {
        eventLoop.execute(() -> {
            new ArrayList<>(clients).forEach(LoopClient::closeWhenIdle);
            if (clients.isEmpty()) {
                drained.complete(null);
            }
        });
        return drained;
    }

    /** Closes everything now; from any thread. */
    CompletableFuture<Void> abort() {
        return CompletableFuture.runAsync(
                () -> {
                    new ArrayList<>(clients).forEach(LoopClient::abort);
                    pool.closeAll();
                    http2Backends.closeAll();
                },
                eventLoop);
    }

    private void tick() {
        long now = System.nanoTime();
        List<LoopClient> late = new ArrayList<>();
        for (LoopClient client : clients) {
            if (client.isLate(now)) {
                late.add(client);
            }
        }
        late.forEach(LoopClient::timeOut);
        pool.expire(now);
        http2Backends.expire(now);
    }

    private static long tickNanos(RouterConfig config) {
        long shortest = LongStream.of(
                        config.headTimeout().toNanos(),
                        config.clientIdle().toNanos(),
                        config.responseTimeout().toNanos(),
                        config.backendIdle().toNanos(),
                        config.linger().toNanos())
                .min()
                .orElse(MAX_TICK_NANOS);
        return Math.max(MIN_TICK_NANOS, Math.min(MAX_TICK_NANOS, shortest / TICKS_PER_TIMEOUT));
    }
}
