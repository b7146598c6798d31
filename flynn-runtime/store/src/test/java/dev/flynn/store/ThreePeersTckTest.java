package dev.flynn.store;

import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreCapability;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import dev.flynn.tck.store.ClusterStoreTck;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The promises of a store hold through each of its replicas. */
class ThreePeersTckTest {

    @Nested
    class ThroughTheLeader extends ThroughOnePeer {

        @Override
        RatisClusterStore choose(TestCluster cluster) {
            return cluster.leader();
        }
    }

    @Nested
    class ThroughAFollower extends ThroughOnePeer {

        @Override
        RatisClusterStore choose(TestCluster cluster) {
            return cluster.follower();
        }
    }

    @Nested
    class ThroughAListener extends ThroughOnePeer {

        @Override
        RatisClusterStore choose(TestCluster cluster) {
            return cluster.startJoining("l1");
        }

        @Override
        void prepare(TestCluster cluster) {
            cluster.addListener("l1");
        }
    }

    /** Most of their time these wait for elections and for Ratis to close. */
    @Execution(ExecutionMode.CONCURRENT)
    abstract static class ThroughOnePeer extends ClusterStoreTck {

        abstract RatisClusterStore choose(TestCluster cluster);

        void prepare(TestCluster cluster) {}

        @Override
        protected ClusterStore openStore(Path dataDirectory) {
            boolean isNew = !Files.exists(dataDirectory.resolve("p1"));
            TestCluster cluster = TestCluster.of(dataDirectory, 3)
                    .with(builder -> builder.limits(TestLimits.SHORT_HISTORY))
                    .startAll();
            RatisClusterStore chosen = choose(cluster);
            if (isNew) {
                prepare(cluster);
            }
            return new OneOfMany(chosen, cluster);
        }

        @Override
        protected int historyLimit() {
            return TestLimits.SHORT_HISTORY.historyChanges();
        }
    }

    /** One replica, whose end is that of all. */
    private record OneOfMany(RatisClusterStore store, TestCluster cluster) implements ClusterStore {

        @Override
        public Set<StoreCapability> capabilities() {
            return store.capabilities();
        }

        @Override
        public Optional<StoreEntry> get(String key, Consistency consistency) {
            return store.get(key, consistency);
        }

        @Override
        public StoreSnapshot list(String prefix, Consistency consistency) {
            return store.list(prefix, consistency);
        }

        @Override
        public CommitResult commit(Transaction transaction) {
            return store.commit(transaction);
        }

        @Override
        public Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
            return store.watch(prefix, afterRevision, watcher);
        }

        @Override
        public void close() {
            cluster.close();
        }
    }
}
