package dev.flynn.testing;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Finds out when a cluster has nothing left to do now.
 *
 * <p>Timers, the watches of the store and the wires count what they have to do. The pools in between are looked at: a thread that
 * was just given a task looks asleep until it runs, so they are looked at several times, after threads that were woken up later.
 */
final class Quiet {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ManualTime time;
    private final Deliveries deliveries;
    private final Wires wires;
    private final ClusterThreads threads;
    private final Pulse pulse;

    Quiet(ManualTime time, Deliveries deliveries, Wires wires, ClusterThreads threads, Pulse pulse) {
        this.time = time;
        this.deliveries = deliveries;
        this.wires = wires;
        this.threads = threads;
        this.pulse = pulse;
    }

    /** @throws IllegalStateException if there is always something to do */
    void await() {
        await(10);
    }

    /** The same, sooner and less certainly: for when more follows. */
    void awaitBetweenSteps() {
        await(3);
    }

    /** Waits until that many pulses in a row have found the cluster quiet. */
    private void await(int pulses) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        for (int quiet = 0; quiet < pulses; ) {
            time.awaitIdle();
            pulse.beat();
            quiet = isQuiet() ? quiet + 1 : 0;
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("the cluster does not come to rest within %s; %s"
                        .formatted(PATIENCE, describe(threads.busy())));
            }
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
