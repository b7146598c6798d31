package com.example.cordon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.scheduler.ClusterSnapshot;
import dev.flynn.spi.scheduler.ClusterSnapshot.FormationView;
import dev.flynn.spi.scheduler.ClusterSnapshot.HostView;
import dev.flynn.spi.scheduler.ClusterSnapshot.JobView;
import dev.flynn.spi.scheduler.ClusterSnapshot.TypeView;
import dev.flynn.spi.scheduler.Plan;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is special about this one. */
class CordonSchedulerTest {

    private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");

    @Test
    void aHostBehindACordonKeepsItsJobsAndGetsNoNewOnes() {
        var formation = new FormationView(
                AppId.random(), ReleaseId.random(), List.of(new TypeView("web", 3, false, Map.of())));
        var running = new JobView(
                new JobId("old-1"), "old", formation.app(), formation.release(), "web", JobState.UP, NOW);
        var hosts = List.of(
                new HostView("old", Map.of("cordon", "true"), true), new HostView("young", Map.of(), true));

        Plan plan = new CordonScheduler()
                .plan(new ClusterSnapshot(NOW, hosts, List.of(formation), List.of(running)));

        assertThat(plan.stop()).isEmpty();
        assertThat(plan.start()).extracting(Plan.Start::hostId).containsExactly("young", "young");
    }
}
