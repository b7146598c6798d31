package dev.flynn.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.app.Formation;
import dev.flynn.base.Closer;
import dev.flynn.spi.scheduler.ClusterSnapshot;
import dev.flynn.spi.scheduler.Plan;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.state.JobRecord;
import dev.flynn.store.MemoryClusterStore;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SchedulerLoopTest {

    private static final Clock CLOCK = Clock.systemUTC();
    private static final RestartPolicy QUICK = new RestartPolicy(List.of(Duration.ofMillis(50)), Duration.ofMinutes(5));

    private final Closer closer = new Closer();
    private final MemoryClusterStore store = closer.register(new MemoryClusterStore());
    private final TestCluster cluster = new TestCluster(store, CLOCK);

    @AfterEach
    void close() {
        closer.close();
    }

    @Test
    void whatIsMissingAtTheBeginningIsStarted() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        cluster.scale(formation, "web", 2);

        loop();

        await().untilAsserted(() -> assertThat(cluster.live(formation, "web")).hasSize(2));
    }

    @Test
    void itFollowsFormationsAndHosts() {
        loop();
        Formation formation = cluster.app("web");
        cluster.scale(formation, "web", 2);
        cluster.withHosts("host1");
        await().untilAsserted(() -> assertThat(cluster.live(formation, "web")).hasSize(2));

        cluster.scale(formation, "web", 1);
        await().untilAsserted(() -> assertThat(cluster.live(formation, "web")).hasSize(1));

        cluster.delete(formation);
        await().untilAsserted(() -> assertThat(cluster.live(formation, "web")).isEmpty());
    }

    @Test
    void itWakesUpWhenADelayEnds() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        cluster.scale(formation, "web", 1);
        loop();
        await().until(() -> cluster.live(formation, "web").size() == 1);
        cluster.hostsAct();

        cluster.exit(cluster.onlyLive(formation, "web").id(), 1);

        await().untilAsserted(() -> assertThat(cluster.live(formation, "web"))
                .extracting(JobRecord::restarts)
                .containsExactly(1));
        assertThat(cluster.jobs(formation, "web").get(0).restartAt()).isEmpty();
    }

    @Test
    void severalLoopsTogetherStartAndStopWhatOneWould() {
        cluster.withHosts("host1", "host2", "host3");
        List<Formation> formations = List.of(cluster.app("web"), cluster.app("web"), cluster.app("web"));
        for (int i = 0; i < 4; i++) {
            loop();
        }
        var random = new Random(7);
        int[] wanted = new int[formations.size()];
        int started = 0;
        for (int step = 0; step < 30; step++) {
            int which = random.nextInt(formations.size());
            int before = wanted[which];
            wanted[which] = random.nextInt(8);
            started += Math.max(0, wanted[which] - before);
            Formation formation = formations.get(which);
            cluster.scale(formation, "web", wanted[which]);
            await().pollInterval(Duration.ofMillis(2))
                    .until(() -> cluster.live(formation, "web").size() == wanted[which]);
        }

        assertThat(cluster.state.jobs().table().list()).hasSize(started);
    }

    @Test
    void aSchedulerThatFailsIsAskedAgain() {
        var failures = new AtomicInteger(2);
        Scheduler failing = snapshot -> {
            if (failures.getAndDecrement() > 0) {
                throw new IllegalStateException("a scheduler with a defect (expected in this test)");
            }
            return new SpreadScheduler().plan(snapshot);
        };
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        cluster.scale(formation, "web", 1);

        closer.register(new SchedulerLoop(cluster.state, failing, QUICK, CLOCK));

        await().untilAsserted(() -> assertThat(cluster.live(formation, "web")).hasSize(1));
    }

    @Test
    void afterCloseNothingHappensAndItsSchedulerStaysOpen() {
        var closed = new AtomicBoolean();
        Scheduler scheduler = new Scheduler() {
            @Override
            public Plan plan(ClusterSnapshot snapshot) {
                return new SpreadScheduler().plan(snapshot);
            }

            @Override
            public void close() {
                closed.set(true);
            }
        };
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        var loop = new SchedulerLoop(cluster.state, scheduler, QUICK, CLOCK);
        loop.close();
        loop.close();

        cluster.scale(formation, "web", 1);

        var other = loop();
        await().until(() -> cluster.live(formation, "web").size() == 1);
        other.close();
        assertThat(cluster.jobs(formation, "web")).hasSize(1);
        assertThat(closed).isFalse();
    }

    private SchedulerLoop loop() {
        return closer.register(new SchedulerLoop(cluster.state, new SpreadScheduler(), QUICK, CLOCK));
    }
}
