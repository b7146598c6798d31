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
 * <p>Timers, the watches of the store and the wires count what they have to do. The pools in between, which do not, get all their
 * work from these and pass it on to these. So nothing is left if they count nothing, then all threads of the pools are seen
 * asleep, and then still nothing is counted.
 */
final class Quiet {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    /** Where only the JVM tells who sleeps, it is asked more often. */
    private static final int LOOKS_WITHOUT_KERNEL = 20;

    private final ManualTime time;
    private final Deliveries deliveries;
    private final Wires wires;
    private final ClusterThreads threads;
    private final KernelThreads kernel = new KernelThreads(ClusterThreads.POOLS);
    private final int looks = kernel.areKnown() ? 1 : LOOKS_WITHOUT_KERNEL;

    Quiet(ManualTime time, Deliveries deliveries, Wires wires, ClusterThreads threads) {
        this.time = time;
        this.deliveries = deliveries;
        this.wires = wires;
        this.threads = threads;
    }

    /** @throws IllegalStateException if there is always something to do */
    void await() {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        int quiet = 0;
        while (true) {
            time.awaitIdle();
            quiet = isQuiet() ? quiet + 1 : 0;
            if (quiet == looks) {
                return;
            }
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(
                        "the cluster does not come to rest within %s; timers are idle: %s, watches were told: %s, busy: %s"
                                .formatted(
                                        PATIENCE, time.isIdle(), deliveries.areComplete(), describe(threads.busy())));
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private boolean isQuiet() {
        return nothingIsCounted() && threads.busy().isEmpty() && !kernel.anyIsRunnable() && nothingIsCounted();
    }

    private boolean nothingIsCounted() {
        return time.isIdle() && deliveries.areComplete() && wires.areIdle();
    }

    private static String describe(List<Thread> busy) {
        return busy.stream()
                .map(thread -> thread.getName() + " is in "
                        + Arrays.stream(thread.getStackTrace())
                                .limit(8)
                                .map(StackTraceElement::toString)
                                .collect(Collectors.joining(" < ")))
                .collect(Collectors.joining("; "));
    }
}
