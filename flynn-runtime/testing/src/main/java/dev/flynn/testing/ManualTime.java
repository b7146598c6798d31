package dev.flynn.testing;

import static java.util.Objects.requireNonNull;

import dev.flynn.base.TimeSource;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.apiguardian.api.API;

/**
 * A time that stands still until it is moved. Its timers run what is due on real threads, in the order of their times.
 *
 * <pre>{@code
 * var time = new ManualTime();
 * try (var discovery = StoreDiscovery.builder(store).time(time).build()) {
 *     discovery.register("web", instance);
 *     time.advance(Duration.ofSeconds(12));      // nobody renewed it
 * }
 * }</pre>
 *
 * <p>Promises: it never moves by itself; a task never runs before its time; when {@link #advance} moves over several tasks,
 * each runs at its own time, and those of later times begin after it has ended. Thread-safe.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class ManualTime implements TimeSource {

    /** A task that takes longer, in real time, no longer holds up those that are due after it. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Instant BEGINNING = Instant.parse("2026-01-01T00:00:00Z");

    private final Clock clock = new ManualClock();
    private final Instant start;
    private final Set<ManualTimer> timers = ConcurrentHashMap.newKeySet();

    // guarded by this
    private final PriorityQueue<ManualTimer.Task<?>> waiting =
            new PriorityQueue<>(Comparator.comparingLong((ManualTimer.Task<?> task) -> task.due())
                    .thenComparingLong(ManualTimer.Task::number));
    private long nanos;
    private long tasks;

    /** A time that begins in 2026. */
    public ManualTime() {
        this(BEGINNING);
    }

    public ManualTime(Instant start) {
        this.start = requireNonNull(start, "start");
    }

    @Override
    public Clock clock() {
        return clock;
    }

    @Override
    public synchronized long nanoTime() {
        return nanos;
    }

    /** {@inheritDoc} What is asked of it after its end is refused. */
    @Override
    public ScheduledExecutorService newTimer(int threads, ThreadFactory factory) {
        return newTimer(threads, factory, new Gate("nobody"));
    }

    ScheduledExecutorService newTimer(int threads, ThreadFactory factory, Gate gate) {
        var timer = new ManualTimer(this, threads, factory, gate);
        timers.add(timer);
        return timer;
    }

    /**
     * Moves on, over everything that becomes due meanwhile, and returns when that is done.
     *
     * <p>It waits for the tasks of its timers, five real seconds at most for each; not for what they start elsewhere.
     */
    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("time only goes forward, was " + by);
        }
        long end = nanoTime() + by.toNanos();
        awaitIdle();
        while (step(end)) {
            awaitIdle();
        }
    }

    /**
     * Moves to the next time at which something is due, or to the end, and begins what is due.
     *
     * @return false if it was at the end already
     */
    boolean step(long end) {
        List<ManualTimer.Task<?>> due = new ArrayList<>();
        synchronized (this) {
            ManualTimer.Task<?> next = waiting.peek();
            long to = next == null ? end : Math.min(end, next.due());
            if (to <= nanos && (next == null || next.due() > nanos)) {
                return false;
            }
            nanos = Math.max(nanos, to);
            while (next != null && next.due() <= nanos) {
                due.add(waiting.remove());
                next = waiting.peek();
            }
        }
        due.forEach(ManualTimer.Task::begin);
        return true;
    }

    /** Waits until no timer runs anything, or until something obviously takes long. */
    void awaitIdle() {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        for (ManualTimer timer : timers) {
            timer.awaitIdle(deadline);
        }
    }

    boolean isIdle() {
        return timers.stream().allMatch(ManualTimer::isIdle);
    }

    synchronized long nextNumber() {
        return ++tasks;
    }

    /** @return false if it is due already */
    synchronized boolean keep(ManualTimer.Task<?> task) {
        return task.due() > nanos && waiting.add(task);
    }

    synchronized void drop(ManualTimer.Task<?> task) {
        waiting.remove(task);
    }

    void end(ManualTimer timer) {
        timers.remove(timer);
        synchronized (this) {
            waiting.removeIf(task -> task.timer() == timer);
        }
    }

    private final class ManualClock extends Clock {

        @Override
        public Instant instant() {
            return start.plusNanos(nanoTime());
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    @Override
    public String toString() {
        return "%s, %d ms after the start".formatted(clock.instant(), TimeUnit.NANOSECONDS.toMillis(nanoTime()));
    }
}
