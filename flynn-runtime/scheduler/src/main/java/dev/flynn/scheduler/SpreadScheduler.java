package dev.flynn.scheduler;

import dev.flynn.spi.scheduler.ClusterSnapshot;
import dev.flynn.spi.scheduler.Plan;
import dev.flynn.spi.scheduler.Scheduler;

/**
 * Spreads the jobs of a type: each goes to the host that has the fewest of its kind, among those to the one with the fewest
 * jobs in all, among those to the one whose id comes first.
 *
 * <p>The plan does not depend on the order of the snapshot's lists. It takes time in proportion to jobs plus hosts plus
 * placements times the logarithm of hosts.
 */
public final class SpreadScheduler implements Scheduler {

    @Override
    public Plan plan(ClusterSnapshot snapshot) {
        return new SpreadPlanning(snapshot).plan();
    }
}
