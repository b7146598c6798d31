package dev.flynn.scheduler;

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
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** How long a plan takes for 10,000 hosts and 100,000 jobs: nothing placed, everything placed, and a tenth of it lost. */
public final class PlanningTime {

    private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");
    private static final int HOSTS = 10_000;
    private static final int APPS = 20_000;
    private static final int JOBS_PER_APP = 5;

    private PlanningTime() {}

    public static void main(String[] args) {
        List<HostView> hosts = IntStream.range(0, HOSTS)
                .mapToObj(i -> new HostView("host" + i, Map.of("disk", i % 4 == 0 ? "ssd" : "hdd"), true))
                .toList();
        List<FormationView> formations = IntStream.range(0, APPS)
                .mapToObj(i -> new FormationView(
                        AppId.random(),
                        ReleaseId.random(),
                        List.of(new TypeView(
                                "web", JOBS_PER_APP, false, i % 10 == 0 ? Map.of("disk", "ssd") : Map.of()))))
                .toList();
        var scheduler = new SpreadScheduler();
        for (int round = 0; round < 5; round++) {
            var empty = new ClusterSnapshot(NOW, hosts, formations, List.of());
            Plan plan = timed("nothing placed", () -> scheduler.plan(empty));
            List<JobView> jobs = new ArrayList<>();
            for (Plan.Start start : plan.start()) {
                jobs.add(new JobView(
                        JobId.random(start.hostId()),
                        start.hostId(),
                        start.app(),
                        start.release(),
                        start.type(),
                        JobState.UP,
                        NOW));
            }
            var full = new ClusterSnapshot(NOW, hosts, formations, jobs);
            timed("everything placed", () -> scheduler.plan(full));
            List<JobView> rest = IntStream.range(0, jobs.size())
                    .filter(i -> i % 10 != 0)
                    .mapToObj(jobs::get)
                    .toList();
            var torn = new ClusterSnapshot(NOW, hosts, formations, rest);
            timed("a tenth lost", () -> scheduler.plan(torn));
        }
    }

    private static Plan timed(String what, Supplier<Plan> work) {
        long start = System.nanoTime();
        Plan plan = work.get();
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        System.out.printf(
                "%-18s %5d ms, %d starts, %d stops%n",
                what, took.toMillis(), plan.start().size(), plan.stop().size());
        return plan;
    }
}
