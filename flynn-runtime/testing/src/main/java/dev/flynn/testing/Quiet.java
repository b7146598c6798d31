package dev.flynn.testing;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * Finds out when a cluster has nothing left to do now.
 *
 * <p>Timers, the watches of the store and the wires count what they have to do. The pools in between are looked at, again and again: a
 * thread that was just given a task looks idle for an instant, so only several looks in a row tell.
 */
final class Quiet {

    private static final int LOOKS = 10;
    private static final int LOOKS_BETWEEN_STEPS = 3;
    private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(300);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ManualTime time;
    private final Deliveries deliveries;
    private final Wires wires;
    private final ClusterThreads threads;

    Quiet(ManualTime time, Deliveries deliveries, Wires wires, ClusterThreads threads) {
        this.time = time;
        this.deliveries = deliveries;
        this.wires = wires;
        this.threads = threads;
    }

    /** @throws IllegalStateException if there is always something to do */
    void await() {
        await(LOOKS);
    }

    /** The same, sooner and less certainly: for when more follows. */
    void awaitBetweenSteps() {
        await(LOOKS_BETWEEN_STEPS);
    }

    private void await(int looks) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        int quiet = 0;
        while (quiet < looks) {
            time.awaitIdle();
            quiet = isQuiet() ? quiet + 1 : 0;
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("the cluster does not come to rest within %s; %s"
                        .formatted(PATIENCE, describe(threads.busy())));
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private boolean isQuiet() {
        return time.isIdle()
                && deliveries.areComplete()
                && wires.areIdle()
                && threads.busy().isEmpty();
    }

    private static String describe(List<Thread> busy) {
        return busy.stream()
                .map(thread -> thread.getName() + " is in "
                        + Arrays.stream(thread.getStackTrace())
                                .limit(8)
                                .map(StackTraceElement::toString)
                                .collect(Collectors.joining(" < ")))
                .collect(Collectors.joining("; ", "busy: ", ""));
    }
}
