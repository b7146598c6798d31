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
 * Packs jobs onto few hosts, so that others stay empty: each goes to the host in use that has the least room left and enough
 * of it, and to an empty one only if there is none. Where hosts do not say what they have that is one host for all.
 *
 * <p>A job that reserves nothing is taken for a small one. When hosts are full by that, such jobs go evenly to all of them.
 *
 * <p>The plan does not depend on the order of the snapshot's lists.
 */
public final class BinpackScheduler implements Scheduler {

    private static final Strategy STRATEGY = new Strategy() {
        @Override
        public Comparator<Node> order() {
            return PackChoice.ORDER;
        }

        @Override
        public Choice choose(HostPool pool, Map<String, Integer> perHost, Places places, Capacity reserved) {
            return new PackChoice(pool, places, reserved);
        }
    };

    @Override
    public Set<SchedulerCapability> capabilities() {
        return Set.of(SchedulerCapability.PACKS);
    }

    @Override
    public Plan plan(ClusterSnapshot snapshot) {
        return new Planning(snapshot, STRATEGY).plan();
    }
}
