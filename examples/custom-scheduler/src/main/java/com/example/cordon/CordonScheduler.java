package com.example.cordon;

import dev.flynn.scheduler.SpreadScheduler;
import dev.flynn.spi.scheduler.ClusterSnapshot;
import dev.flynn.spi.scheduler.ClusterSnapshot.HostView;
import dev.flynn.spi.scheduler.Plan;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.spi.scheduler.SchedulerCapability;
import java.util.List;
import java.util.Set;

/**
 * Spreads jobs as usual, but not onto hosts with the tag {@code cordon=true}: these keep what they have and get nothing new. Unlike
 * hosts that are drained they are not emptied.
 *
 * <p>A scheduler is a function of a snapshot, so one can be made of another: this one changes what that one sees.
 */
public final class CordonScheduler implements Scheduler {

    private final Scheduler spread = new SpreadScheduler();

    @Override
    public Set<SchedulerCapability> capabilities() {
        return spread.capabilities();
    }

    @Override
    public Plan plan(ClusterSnapshot snapshot) {
        List<HostView> hosts =
                snapshot.hosts().stream().map(CordonScheduler::cordoned).toList();
        return spread.plan(new ClusterSnapshot(snapshot.now(), hosts, snapshot.formations(), snapshot.jobs()));
    }

    private static HostView cordoned(HostView host) {
        return "true".equals(host.tags().get("cordon"))
                ? new HostView(host.id(), host.tags(), false, host.capacity(), host.others())
                : host;
    }
}
