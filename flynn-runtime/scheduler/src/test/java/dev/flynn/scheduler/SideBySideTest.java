package dev.flynn.scheduler;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.app.Formation;
import dev.flynn.api.host.Capacity;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import dev.flynn.store.MemoryClusterStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Several schedulers on one store, each as far behind as it happens to be, and one in the middle of what another writes: what
 * they do together is what one would do.
 */
class SideBySideTest {

    private static final Capacity SMALL = new Capacity(4L << 30, 4000);
    private static final int MEGABYTES = 1500;
    private static final int STEPS = 60;

    static IntStream seeds() {
        return IntStream.rangeClosed(1, Integer.getInteger("flynn.simulations", 30));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void noJobIsPlacedTwiceAndNoHostIsGivenMoreThanItHas(int seed) {
        try (var world = new World(new Random(seed), 2 + seed % 2)) {
            for (int step = 0; step < STEPS; step++) {
                world.somethingHappens();
                world.check();
            }
            world.checkThatFormationsAreReached();
        }
    }

    @Test
    void schedulersThatDecideForDifferentAppsDoNotHinderEachOther() {
        var clock = new TestClock();
        try (var memory = new MemoryClusterStore(clock)) {
            var store = new InterruptedStore(memory);
            var cluster = new TestCluster(store, clock).withHosts("host1");
            Formation one = cluster.app("web");
            Formation other = cluster.app("web");
            cluster.scale(one, "web", 1);
            cluster.scale(other, "web", 1);
            try (var mine = new Follower(cluster, clock);
                    var another = new Follower(cluster, clock)) {
                mine.followed.follow();
                another.followed.follow();
                store.beforeNextCommit(() -> another.onlyFor(other));

                mine.pass.run(mine.followed.index);
            }
            assertThat(cluster.jobs(one, "web")).hasSize(1);
            assertThat(cluster.jobs(other, "web")).hasSize(1);
        }
    }

    /** One scheduler of several. */
    private static final class Follower implements AutoCloseable {

        private final FollowedCluster followed;
        private final SchedulerPass pass;

        Follower(TestCluster cluster, TestClock clock) {
            this(cluster, clock, new SpreadScheduler());
        }

        Follower(TestCluster cluster, TestClock clock, Scheduler scheduler) {
            this.followed = new FollowedCluster(cluster.state);
            this.pass = new SchedulerPass(cluster.state, scheduler, RestartPolicy.DEFAULT, clock, HostWatch.NONE);
        }

        void onlyFor(Formation formation) {
            followed.index.takeTouched();
            followed.index.touch(formation.app());
            pass.run(followed.index);
        }

        @Override
        public void close() {
            followed.close();
        }
    }

    private static final class World implements AutoCloseable {

        private final Random random;
        private final TestClock clock = new TestClock();
        private final MemoryClusterStore memory = new MemoryClusterStore(clock);
        private final InterruptedStore store = new InterruptedStore(memory);
        private final TestCluster cluster = new TestCluster(store, clock);
        private final List<Follower> schedulers = new ArrayList<>();
        private final List<Formation> formations = new ArrayList<>();
        private final Map<Formation, Integer> wanted = new HashMap<>();
        private final Map<Formation, Integer> before = new HashMap<>();
        private int depth;

        World(Random random, int schedulers) {
            this.random = random;
            for (int i = 1; i <= 3; i++) {
                cluster.withHost("host" + i, SMALL);
            }
            for (int i = 0; i < 4; i++) {
                formations.add(cluster.app(Map.of("web", TestCluster.reserving(MEGABYTES))));
            }
            formations.forEach(formation -> scale(formation, 1));
            for (int i = 0; i < schedulers; i++) {
                this.schedulers.add(
                        new Follower(cluster, clock, i % 2 == 0 ? new SpreadScheduler() : new BinpackScheduler()));
            }
            store.beforeEachCommit(this::interrupt);
        }

        private void scale(Formation formation, int count) {
            wanted.put(formation, count);
            cluster.scale(formation, "web", count);
        }

        /** Right before somebody writes another scheduler may do its whole work. */
        private void interrupt() {
            if (depth < 2 && random.nextInt(3) == 0) {
                depth++;
                look(schedulers.get(random.nextInt(schedulers.size())));
                depth--;
            }
        }

        private final List<Follower> looking = new ArrayList<>();

        /** A scheduler is one thread: it does not begin again before it has ended. */
        private void look(Follower scheduler) {
            if (looking.contains(scheduler)) {
                return;
            }
            looking.add(scheduler);
            if (random.nextInt(4) > 0) {
                scheduler.followed.followTurns();
            }
            if (random.nextInt(4) > 0) {
                scheduler.followed.followJobs();
            }
            if (random.nextInt(4) > 0) {
                scheduler.followed.followTheRest();
            }
            if (random.nextInt(12) == 0) {
                scheduler.pass.run();
            } else {
                scheduler.pass.run(scheduler.followed.index);
            }
            looking.remove(scheduler);
        }

        void somethingHappens() {
            formations.forEach(formation -> before.put(formation, Math.max(live(formation), wanted.get(formation))));
            clock.pass(Duration.ofMillis(random.nextInt(1500)));
            switch (random.nextInt(8)) {
                case 0, 1 -> {
                    Formation formation = formations.get(random.nextInt(formations.size()));
                    int others =
                            wanted.values().stream().mapToInt(count -> count).sum() - wanted.get(formation);
                    scale(formation, random.nextInt(Math.min(4, 6 - others) + 1));
                }
                case 2 -> cluster.hostsAct(host -> random.nextBoolean());
                case 3 -> crashOne();
                default -> look(schedulers.get(random.nextInt(schedulers.size())));
            }
        }

        private void crashOne() {
            records().stream()
                    .filter(job -> job.state() == JobState.UP && !job.stopRequested())
                    .findFirst()
                    .ifPresent(job -> cluster.exit(job.id(), 1));
        }

        private int live(Formation formation) {
            return cluster.live(formation, "web").size();
        }

        void check() {
            Map<String, Long> reserved = new HashMap<>();
            records().stream()
                    .filter(job -> job.state().isLive())
                    .forEach(job -> reserved.merge(
                            job.hostId(),
                            Capacity.reservedBy(job.spec().resources()).memoryBytes(),
                            Long::sum));
            assertThat(reserved.values()).as("reserved memory").allMatch(bytes -> bytes <= SMALL.memoryBytes());
            for (Formation formation : formations) {
                assertThat(live(formation))
                        .as("jobs of %s", formation.app())
                        .isLessThanOrEqualTo(Math.max(wanted.get(formation), before.get(formation)));
            }
            Map<JobId, Long> successors = records().stream()
                    .filter(job -> job.spec().metadata().containsKey(Restarts.META_REPLACES))
                    .collect(groupingBy(
                            job -> new JobId(job.spec().metadata().get(Restarts.META_REPLACES)), counting()));
            assertThat(successors.values()).as("successors of one job").allMatch(count -> count == 1);
        }

        void checkThatFormationsAreReached() {
            store.beforeEachCommit(() -> {});
            await().untilAsserted(() -> {
                clock.pass(Duration.ofSeconds(60));
                for (Follower scheduler : schedulers) {
                    scheduler.followed.follow();
                    scheduler.pass.run(scheduler.followed.index);
                }
                cluster.hostsAct();
                for (Formation formation : formations) {
                    assertThat(cluster.live(formation, "web"))
                            .hasSize(wanted.get(formation))
                            .allMatch(job -> job.state() == JobState.UP);
                }
            });
            formations.forEach(formation -> before.put(formation, live(formation)));
            check();
        }

        private List<JobRecord> records() {
            return cluster.state.jobs().table().list().stream()
                    .map(Versioned::value)
                    .toList();
        }

        @Override
        public void close() {
            schedulers.forEach(Follower::close);
            memory.close();
        }
    }
}
