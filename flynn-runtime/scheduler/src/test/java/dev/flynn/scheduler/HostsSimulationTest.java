package dev.flynn.scheduler;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.app.Formation;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import dev.flynn.store.MemoryClusterStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Hosts that die, are cut off, come back, are drained and tagged, at random: what holds after each step, and in the end. */
class HostsSimulationTest {

    private static final List<String> HOSTS = List.of("host1", "host2", "host3", "host4", "host5");
    private static final Map<String, String> SSD = Map.of("disk", "ssd");
    private static final int STEPS = 50;

    static IntStream seeds() {
        return IntStream.rangeClosed(1, Integer.getInteger("flynn.simulations", 40));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void whateverHappensTheClusterIsAsWantedInTheEnd(int seed) {
        try (var world = new World(new Random(seed))) {
            for (int step = 0; step < STEPS; step++) {
                world.somethingHappens();
            }
            world.heal();
            world.settle();
            world.checkItIsAsWanted();
            world.killOneAndCheckThatOnlyItsJobsMove();
        }
    }

    /** A cluster, and the processes that really run on its hosts. */
    private static final class World implements AutoCloseable {

        private final Random random;
        private final TestClock clock = new TestClock();
        private final MemoryClusterStore store = new MemoryClusterStore(clock);
        private final TestCluster cluster = new TestCluster(store, clock);
        private final TestHosts hosts = new TestHosts();
        private final SchedulerPass pass =
                new SchedulerPass(cluster.state, new SpreadScheduler(), RestartPolicy.DEFAULT, clock, hosts);
        private final Set<JobId> processes = new HashSet<>();
        private final Formation web;
        private final Formation worker;
        private final Formation agent;
        private final Map<Formation, Integer> wanted = new HashMap<>();

        World(Random random) {
            this.random = random;
            cluster.withHosts(HOSTS.toArray(String[]::new));
            HOSTS.subList(0, 3).forEach(host -> cluster.tag(host, SSD));
            web = cluster.app("web");
            worker = cluster.app("worker");
            agent = cluster.app(Map.of("agent", TestCluster.omni("agent")));
            cluster.wantTags(worker, "worker", SSD);
            scale(web, 4);
            scale(worker, 3);
            scale(agent, 1);
        }

        private void scale(Formation formation, int count) {
            wanted.put(formation, count);
            cluster.scale(formation, type(formation), count);
        }

        private String type(Formation formation) {
            return formation.equals(web) ? "web" : formation.equals(worker) ? "worker" : "agent";
        }

        // ---- what happens

        void somethingHappens() {
            String host = HOSTS.get(random.nextInt(HOSTS.size()));
            switch (random.nextInt(12)) {
                case 0 -> {
                    hosts.missing.add(host);
                    processes.removeIf(job -> job.hostId().equals(host));
                }
                case 1 -> hosts.missing.add(host);
                case 2 -> {
                    if (hosts.missing.size() < HOSTS.size() && hosts.missing.remove(host)) {
                        hosts.dead.add(host);
                    }
                }
                case 3, 4 -> comeBack(host);
                case 5 -> cluster.drain(host, true);
                case 6 -> cluster.drain(host, false);
                case 7 -> scale(random.nextBoolean() ? web : worker, random.nextInt(7));
                case 8 -> crashOne();
                case 9 -> cluster.tag(host, random.nextBoolean() ? SSD : Map.of());
                case 10 -> hosts.notServed.clear();
                default ->
                    live().stream().filter(job -> random.nextInt(4) == 0).forEach(job -> hosts.notServed.add(job.id()));
            }
            clock.pass(Duration.ofMillis(random.nextInt(3000)));
            agentsAct(random);
            if (random.nextInt(3) > 0) {
                passAndCheck();
            }
        }

        private void comeBack(String host) {
            hosts.missing.remove(host);
            hosts.dead.remove(host);
            for (JobRecord job : records()) {
                if (!job.hostId().equals(host)) {
                    continue;
                }
                if (job.state() == JobState.DOWN) {
                    processes.remove(job.id());
                } else if (job.state() != JobState.PENDING && !processes.contains(job.id())) {
                    cluster.state.jobs().update(job.id(), read -> read.lost("its host was restarted", clock.instant()));
                }
            }
        }

        private void crashOne() {
            live().stream()
                    .filter(job -> processes.contains(job.id()) && isAlive(job.hostId()))
                    .findAny()
                    .ifPresent(job -> {
                        processes.remove(job.id());
                        cluster.exit(job.id(), 1);
                    });
        }

        private void agentsAct(Random which) {
            Set<String> acting = HOSTS.stream()
                    .filter(host -> isAlive(host) && which.nextInt(3) > 0)
                    .collect(Collectors.toSet());
            cluster.hostsAct(acting::contains);
            for (JobRecord job : records()) {
                if (job.state() == JobState.UP && acting.contains(job.hostId())) {
                    processes.add(job.id());
                } else if (job.state() == JobState.DOWN && acting.contains(job.hostId())) {
                    processes.remove(job.id());
                }
            }
        }

        // ---- what holds always

        private void passAndCheck() {
            Set<JobId> before = records().stream().map(JobRecord::id).collect(Collectors.toSet());
            Map<Formation, Long> drainedBefore = new HashMap<>();
            List.of(web, worker).forEach(formation -> drainedBefore.put(formation, onDrainedHosts(formation)));

            pass.run();

            for (Formation formation : List.of(web, worker)) {
                assertThat(cluster.live(formation, type(formation)).stream().filter(job -> !isDrained(job.hostId())))
                        .as("jobs of %s outside of drained hosts", type(formation))
                        .hasSizeLessThanOrEqualTo(wanted.get(formation));
                if (canMove(formation)) {
                    long serving = ready(formation);
                    long couldServe = Objects.requireNonNull(drainedBefore.get(formation)) + serving;
                    assertThat(onDrainedHosts(formation) + serving)
                            .as("jobs of %s that serve, or that nobody replaces yet", type(formation))
                            .isGreaterThanOrEqualTo(Math.min(wanted.get(formation), couldServe));
                }
            }
            assertThat(cluster.live(agent, "agent").stream().collect(groupingBy(JobRecord::hostId, counting())))
                    .allSatisfy((host, count) -> assertThat(count).isEqualTo(1));
            for (JobRecord job : records()) {
                if (!before.contains(job.id())) {
                    assertThat(isAlive(job.hostId()) && !isDrained(job.hostId()))
                            .as("new job %s", job.id())
                            .isTrue();
                }
            }
            Map<String, Long> successors = records().stream()
                    .filter(job -> job.spec().metadata().containsKey(Restarts.META_REPLACES))
                    .collect(groupingBy(job -> job.spec().metadata().get(Restarts.META_REPLACES), counting()));
            assertThat(successors).allSatisfy((job, count) -> assertThat(count).isEqualTo(1));
        }

        private boolean canMove(Formation formation) {
            return HOSTS.stream()
                    .filter(host -> isAlive(host) && !isDrained(host))
                    .anyMatch(host -> formation.equals(web)
                            || cluster.state.hosts().get(host).value().tags().equals(SSD));
        }

        private long onDrainedHosts(Formation formation) {
            return cluster.live(formation, type(formation)).stream()
                    .filter(job -> isDrained(job.hostId()) && !hosts.dead.contains(job.hostId()))
                    .count();
        }

        /** Jobs that serve and need not move. */
        private long ready(Formation formation) {
            return cluster.live(formation, type(formation)).stream()
                    .filter(job -> !isDrained(job.hostId()))
                    .filter(job -> job.state() == JobState.UP && isAlive(job.hostId()) && hosts.isServed(job))
                    .count();
        }

        // ---- the end

        void heal() {
            HOSTS.forEach(host -> {
                comeBack(host);
                cluster.drain(host, false);
                cluster.tag(host, HOSTS.indexOf(host) < 3 ? SSD : Map.of());
            });
            hosts.notServed.clear();
        }

        /** Twice without a change: what a pass sees for the first time may wait a while before it is done. */
        void settle() {
            int quiet = 0;
            for (int round = 0; quiet < 2; round++) {
                assertThat(round).as("rounds until nothing changes any more").isLessThan(30);
                long revision = revision();
                clock.pass(Duration.ofSeconds(60));
                passAndCheck();
                agentsAct(new Always());
                quiet = revision == revision() ? quiet + 1 : 0;
            }
        }

        void checkItIsAsWanted() {
            assertThat(cluster.live(web, "web")).hasSize(wanted.get(web));
            assertThat(cluster.live(worker, "worker")).hasSize(wanted.get(worker));
            assertThat(cluster.live(agent, "agent"))
                    .extracting(JobRecord::hostId)
                    .containsExactlyInAnyOrderElementsOf(HOSTS);
            assertThat(processes)
                    .containsExactlyInAnyOrderElementsOf(
                            live().stream().map(JobRecord::id).toList());
        }

        void killOneAndCheckThatOnlyItsJobsMove() {
            List<JobId> before = live().stream().map(JobRecord::id).toList();
            String host = HOSTS.get(random.nextInt(HOSTS.size()));
            hosts.dead.add(host);
            settle();
            List<JobId> others =
                    before.stream().filter(job -> !job.hostId().equals(host)).toList();
            assertThat(live()).extracting(JobRecord::id).containsAll(others);
            assertThat(live()).hasSize(before.size() - 1);
            assertThat(live()).noneMatch(job -> job.hostId().equals(host));
        }

        private List<JobRecord> records() {
            return cluster.state.jobs().table().list().stream()
                    .map(Versioned::value)
                    .toList();
        }

        private List<JobRecord> live() {
            return new ArrayList<>(records().stream()
                    .filter(job -> job.state().isLive() && !job.stopRequested())
                    .toList());
        }

        private boolean isAlive(String host) {
            return !hosts.missing.contains(host) && !hosts.dead.contains(host);
        }

        private boolean isDrained(String host) {
            return cluster.state.hosts().get(host).value().draining();
        }

        /** Counts deletions too. */
        private long revision() {
            return store.list("").revision();
        }

        @Override
        public void close() {
            store.close();
        }
    }

    /** Says yes to everything. */
    private static final class Always extends Random {
        private static final long serialVersionUID = 1;

        @Override
        public int nextInt(int bound) {
            return bound - 1;
        }
    }
}
