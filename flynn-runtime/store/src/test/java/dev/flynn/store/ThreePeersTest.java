package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ThreePeersTest {

    @TempDir
    Path directory;

    private TestCluster cluster;

    @AfterEach
    void close() {
        cluster.close();
    }

    private static CommitResult put(ClusterStore store, String key, String value) {
        return store.commit(Transaction.builder().put(key, value).build());
    }

    @Test
    void whatOneWritesTheOthersRead() {
        cluster = TestCluster.of(directory, 3).startAll();

        for (RatisClusterStore writer : cluster.running()) {
            put(writer, "a", writer.peer());
            for (RatisClusterStore reader : cluster.running()) {
                assertThat(reader.get("a")).map(StoreEntry::value).contains(writer.peer());
            }
        }
    }

    @Test
    void theClusterGoesOnWithoutItsLeader() {
        cluster = TestCluster.of(directory, 3).startAll();
        put(cluster.leader(), "a", "1");

        cluster.stop(cluster.leader().peer());
        put(cluster.follower(), "a", "2");

        assertThat(cluster.leader().get("a")).map(StoreEntry::value).contains("2");
        assertThat(cluster.follower().get("a")).map(StoreEntry::value).contains("2");
    }
}
