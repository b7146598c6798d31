package dev.flynn.scheduler;

import dev.flynn.api.host.Capacity;
import dev.flynn.spi.scheduler.ClusterSnapshot;
import dev.flynn.spi.scheduler.Plan;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.spi.scheduler.SchedulerCapability;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;

/**
 * Spreads the jobs of a type: each goes to the host with room that has the fewest of its kind, among those to the one with the
 * fewest jobs in all, among those to the one whose id comes first.
 *
 * <p>The plan does not depend on the order of the snapshot's lists.
 */
public final class SpreadScheduler implements Scheduler {

    private static final Strategy STRATEGY = new Strategy() {
        @Override
        public Comparator<Node> order() {
            return SpreadChoice.ORDER;
        }

        @Override
        public Choice choose(HostPool pool, Map<String, Integer> perHost, Places places, Capacity reserved) {
            return new SpreadChoice(pool, perHost, places, reserved);
        }
    };

    @Override
    public Set<SchedulerCapability> capabilities() {
        return Set.of(SchedulerCapability.SPREADS);
    }

    @Override
    public Plan plan(ClusterSnapshot snapshot) {
        return new Planning(snapshot, STRATEGY).plan();
    }
}
