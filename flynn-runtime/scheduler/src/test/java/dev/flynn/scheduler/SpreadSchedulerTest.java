package dev.flynn.scheduler;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.scheduler.ClusterSnapshot;
import dev.flynn.spi.scheduler.ClusterSnapshot.FormationView;
import dev.flynn.spi.scheduler.ClusterSnapshot.HostView;
import dev.flynn.spi.scheduler.ClusterSnapshot.JobView;
import dev.flynn.spi.scheduler.ClusterSnapshot.TypeView;
import dev.flynn.spi.scheduler.Plan;
import dev.flynn.spi.scheduler.SchedulerFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SpreadSchedulerTest {

    private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");

    private final SpreadScheduler scheduler = new SpreadScheduler();
    private final List<HostView> hosts = new ArrayList<>();
    private final List<FormationView> formations = new ArrayList<>();
    private final List<JobView> jobs = new ArrayList<>();

    @Test
    void theFirstJobGoesToTheHostWhoseIdComesFirst() {
        hosts("c", "a", "b");
        formation(type("web", 4));

        assertThat(plan().start()).extracting(Plan.Start::hostId).containsExactly("a", "b", "c", "a");
    }

    @Test
    void aHostWithoutJobsOfTheTypeIsPreferredHoweverBusyItIs() {
        hosts("a", "b");
        FormationView formation = formation(type("web", 2));
        job(formation, "web", "a");
        FormationView other = formation(type("x", 5));
        IntStream.range(0, 5).forEach(i -> job(other, "x", "b"));

        assertThat(plan().start()).extracting(Plan.Start::hostId).containsExactly("b");
    }

    @Test
    void amongEqualsTheLeastBusyHostIsPreferred() {
        hosts("a", "b", "c");
        FormationView busy = formation(type("x", 3));
        job(busy, "x", "a");
        job(busy, "x", "a");
        job(busy, "x", "b");
        formation(type("web", 1));

        assertThat(plan().start()).extracting(Plan.Start::hostId).containsExactly("c");
    }

    @Test
    void manySmallFormationsFillTheClusterEvenly() {
        hosts("a", "b", "c");
        IntStream.range(0, 30).forEach(i -> formation(type("web", 1)));

        assertThat(plan().start().stream().collect(groupingBy(Plan.Start::hostId, counting())))
                .isEqualTo(Map.of("a", 10L, "b", 10L, "c", 10L));
    }

    @Test
    void jobsThatAreStoppedByThePlanDoNotCountAsLoad() {
        hosts("a", "b");
        FormationView gone = formation();
        job(gone, "web", "a");
        FormationView stays = formation(type("x", 1));
        job(stays, "x", "b");
        formation(type("web", 1));

        assertThat(plan().start()).extracting(Plan.Start::hostId).containsExactly("a");
    }

    @Test
    void jobsOnHostsThatAreGoneStillCount() {
        hosts("a");
        FormationView formation = formation(type("web", 2));
        job(formation, "web", "gone");

        assertThat(plan().start()).extracting(Plan.Start::hostId).containsExactly("a");
    }

    @Test
    void theOrderOfTheSnapshotsListsDoesNotMatter() {
        var random = new Random(1);
        hosts("a", "b", "c", "d");
        for (int i = 0; i < 10; i++) {
            FormationView formation = formation(type("web", random.nextInt(5)), type("clock", random.nextInt(2)));
            IntStream.range(0, random.nextInt(6))
                    .forEach(n -> job(formation, "web", "abcd".substring(n % 4, n % 4 + 1)));
        }
        Plan plan = plan();
        for (int i = 0; i < 20; i++) {
            Collections.shuffle(hosts, random);
            Collections.shuffle(formations, random);
            Collections.shuffle(jobs, random);

            assertThat(plan()).isEqualTo(plan);
        }
    }

    @Test
    void itIsFoundByItsName() {
        assertThat(ServiceLoader.load(SchedulerFactory.class))
                .extracting(SchedulerFactory::name)
                .contains("spread", "binpack");
    }

    @Test
    void anUnknownSettingIsRefusedByName() {
        assertThatThrownBy(() -> new SpreadSchedulerFactory().create(Map.of("evenly", "yes"), context()))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("evenly");
    }

    private static ComponentContext context() {
        return new ComponentContext("a", Path.of("unused"), Clock.systemUTC());
    }

    private Plan plan() {
        return scheduler.plan(new ClusterSnapshot(NOW, hosts, formations, jobs));
    }

    private void hosts(String... ids) {
        for (String id : ids) {
            hosts.add(new HostView(id, Map.of(), true));
        }
    }

    private FormationView formation(TypeView... types) {
        var formation = new FormationView(AppId.random(), ReleaseId.random(), List.of(types));
        formations.add(formation);
        return formation;
    }

    private static TypeView type(String name, int count) {
        return new TypeView(name, count, false, Map.of());
    }

    private void job(FormationView formation, String type, String host) {
        jobs.add(new JobView(JobId.random(host), host, formation.app(), formation.release(), type, JobState.UP, NOW));
    }
}
