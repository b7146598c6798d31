package dev.flynn.store;

import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** Several replicas of a store in this process, on a network that can be spoiled. */
final class TestCluster implements AutoCloseable {

    final LocalNetwork network;
    private final Path directory;
    private final UUID id = new UUID(1, 2);
    private final List<StorePeer> founders;
    private final Map<String, RatisClusterStore> stores = new ConcurrentSkipListMap<>();
    private UnaryOperator<RatisClusterStore.Builder> settings = builder -> builder;

    private TestCluster(Path directory, int voters, long seed) {
        this.directory = directory;
        this.network = new LocalNetwork(seed);
        this.founders =
                IntStream.rangeClosed(1, voters).mapToObj(i -> peer("p" + i)).toList();
    }

    /** A cluster whose voters are called p1, p2, and so on; none runs yet. */
    static TestCluster of(Path directory, int voters) {
        return of(directory, voters, 42);
    }

    /** The same, with a network that spoils by this seed. */
    static TestCluster of(Path directory, int voters, long seed) {
        return new TestCluster(directory, voters, seed);
    }

    static StorePeer peer(String name) {
        return new StorePeer(name, "at-" + name);
    }

    TestCluster with(UnaryOperator<RatisClusterStore.Builder> change) {
        settings = change;
        return this;
    }

    TestCluster startAll() {
        founders.forEach(founder -> start(founder.id()));
        return this;
    }

    List<String> names() {
        return List.copyOf(stores.keySet());
    }

    Collection<RatisClusterStore> running() {
        return stores.values();
    }

    RatisClusterStore start(String name) {
        RatisClusterStore store = builder(name).found(founders).build();
        stores.put(name, store);
        return store;
    }

    /** Starts a replica that waits to be added. */
    RatisClusterStore startJoining(String name) {
        RatisClusterStore store = builder(name).join().build();
        stores.put(name, store);
        return store;
    }

    RatisClusterStore.Builder builder(String name) {
        StorePeer self = peer(name);
        return settings.apply(RatisClusterStore.builder(directory(name)))
                .cluster(id)
                .peer(self, network.transport(self));
    }

    Path directory(String name) {
        return directory.resolve(name);
    }

    RatisClusterStore store(String name) {
        return stores.get(name);
    }

    void stop(String name) {
        stores.remove(name).close();
    }

    /** Adds a replica that runs; on a busy machine it may be refused at first because it does not keep up. */
    void addListener(String name) {
        await("listener " + name)
                .atMost(Duration.ofMinutes(1))
                .ignoreExceptions()
                .until(() -> {
                    leader().addListener(peer(name));
                    return true;
                });
    }

    /** The running replica that leads, once there is one. */
    RatisClusterStore leader() {
        return await().pollInSameThread()
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(5))
                .until(
                        () -> stores.values().stream()
                                .filter(RatisClusterStore::isLeader)
                                .findFirst()
                                .orElse(null),
                        found -> found != null);
    }

    /** Makes a voter the leader. */
    void letLead(String name) {
        await().pollInSameThread().atMost(Duration.ofSeconds(30)).until(() -> {
            RatisClusterStore leader = leader();
            return leader == stores.get(name) || (leader.handOver(name) && leader() == stores.get(name));
        });
    }

    /** A running voter that does not lead. */
    RatisClusterStore follower() {
        RatisClusterStore leader = leader();
        return founders.stream()
                .map(founder -> stores.get(founder.id()))
                .filter(store -> store != null && store != leader)
                .findFirst()
                .orElseThrow();
    }

    /** All at once: each takes up to a second. */
    @Override
    public void close() {
        network.heal();
        CompletableFuture.allOf(stores.values().stream()
                        .map(store -> CompletableFuture.runAsync(store::close))
                        .toArray(CompletableFuture<?>[]::new))
                .join();
        stores.clear();
        network.close();
    }
}
