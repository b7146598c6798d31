package dev.flynn.tck.scheduler;

import dev.flynn.api.host.Capacity;
import dev.flynn.api.job.JobState;
import dev.flynn.api.job.Priority;
import dev.flynn.spi.scheduler.ClusterSnapshot.FormationView;
import dev.flynn.spi.scheduler.ClusterSnapshot.Load;
import dev.flynn.spi.scheduler.ClusterSnapshot.TypeView;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** Clusters in any state that can be met, the same one for the same seed but for the ids of apps and releases. */
final class GeneratedClusters {

    private static final List<String> TYPES = List.of("clock", "web", "worker");
    private static final List<JobState> STATES = List.of(JobState.PENDING, JobState.STARTING, JobState.UP);
    private static final List<Map<String, String>> HOST_TAGS =
            List.of(Map.of(), Map.of("disk", "ssd"), Map.of("zone", "a"), Map.of("zone", "b", "disk", "ssd"));
    private static final List<Map<String, String>> TYPE_TAGS =
            List.of(Map.of(), Map.of(), Map.of(), Map.of("disk", "ssd"), Map.of("zone", "a"), Map.of("zone", "c"));

    private static final List<Capacity> CAPACITIES = List.of(
            Capacity.UNLIMITED,
            Capacity.UNLIMITED,
            gigabytes(2, 2000),
            gigabytes(4, 2000),
            gigabytes(8, 16_000),
            Capacity.NONE);
    private static final List<Capacity> RESERVED = List.of(
            Capacity.NONE,
            Capacity.NONE,
            Capacity.NONE,
            gigabytes(1, 0),
            gigabytes(0, 500),
            gigabytes(1, 1000),
            gigabytes(3, 250));
    private static final List<Load> OTHERS =
            List.of(Load.NONE, Load.NONE, new Load(2, 2, Capacity.NONE), new Load(3, 1, gigabytes(1, 500)));
    private static final List<Optional<String>> ANTI_AFFINITIES = List.of(
            Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(TypeView.HOST), Optional.of("zone"));

    private final Random random;
    private final ModelCluster cluster = new ModelCluster();
    private final List<String> hosts = new ArrayList<>();

    private GeneratedClusters(long seed) {
        this.random = new Random(seed);
    }

    static ModelCluster ofSeed(long seed) {
        return new GeneratedClusters(seed).generate();
    }

    private ModelCluster generate() {
        int hostCount = random.nextInt(8);
        for (int i = 0; i < hostCount; i++) {
            addHost("host" + i);
        }
        int formationCount = random.nextInt(7);
        for (int i = 0; i < formationCount; i++) {
            addFormation();
        }
        return cluster;
    }

    private void addHost(String id) {
        hosts.add(id);
        if (random.nextInt(6) == 0) {
            cluster.withDrainedHost(id);
        } else {
            cluster.withHost(id, oneOf(HOST_TAGS), oneOf(CAPACITIES), oneOf(OTHERS));
        }
    }

    private void addFormation() {
        List<TypeView> types = new ArrayList<>();
        for (String type : TYPES) {
            if (random.nextBoolean()) {
                boolean omni = random.nextInt(4) == 0;
                types.add(new TypeView(
                        type,
                        random.nextInt(omni ? 3 : 8),
                        omni,
                        oneOf(TYPE_TAGS),
                        List.of(),
                        oneOf(RESERVED),
                        oneOf(List.of(Priority.values())),
                        oneOf(ANTI_AFFINITIES)));
            }
        }
        FormationView formation = cluster.formation(types.toArray(TypeView[]::new));
        for (String type : TYPES) {
            addJobs(formation, type);
        }
        if (random.nextInt(3) == 0) {
            addJob(formation, "");
        }
    }

    private void addJobs(FormationView formation, String type) {
        int count = random.nextInt(8);
        for (int i = 0; i < count; i++) {
            addJob(formation, type);
        }
    }

    private void addJob(FormationView formation, String type) {
        String host = hosts.isEmpty() || random.nextInt(12) == 0 ? "gone" : oneOf(hosts);
        int kind = random.nextInt(10);
        if (kind == 0 && !type.isEmpty()) {
            cluster.waiting(formation, type, host, random.nextInt(60) - 30);
        } else {
            JobState state = kind == 1 ? JobState.STOPPING : oneOf(STATES);
            cluster.job(formation, type, host, state, cluster.now().minusSeconds(random.nextInt(100)));
        }
    }

    private <T> T oneOf(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    private static Capacity gigabytes(int memory, int milliCpus) {
        return new Capacity((long) memory << 30, milliCpus);
    }
}
