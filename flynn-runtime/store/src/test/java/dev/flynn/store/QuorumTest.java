package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class QuorumTest {

    @TempDir
    Path directory;

    private TestCluster cluster;

    @BeforeEach
    void open() {
        cluster = TestCluster.of(directory, 3)
                .with(builder -> builder.patience(Duration.ofSeconds(3)))
                .startAll();
        put(cluster.leader(), "a", "1");
    }

    @AfterEach
    void close() {
        cluster.close();
    }

    private static long put(ClusterStore store, String key, String value) {
        return store.commit(Transaction.builder().put(key, value).build()).revision();
    }

    @Test
    void aLeaderThatIsCutOffSaysWhoIsMissingAndReadsOnlyStale() {
        RatisClusterStore leader = cluster.leader();
        List<String> others = cluster.names().stream()
                .filter(name -> !name.equals(leader.peer()))
                .toList();
        cluster.network.isolate(leader.peer(), cluster.names());

        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> put(leader, "a", "2"))
                .matches(e -> e.code() == ErrorCode.SERVICE_UNAVAILABLE)
                .withMessageContaining("no quorum")
                .withMessageContaining("only " + leader.peer() + " answers")
                .withMessageContaining(String.join(", ", others) + " do not");
        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> leader.get("a"))
                .withMessageContaining("no quorum");
        assertThat(leader.get("a", Consistency.STALE)).map(StoreEntry::value).contains("1");

        put(cluster.store(others.get(0)), "a", "3");
        cluster.network.heal();
        assertThat(leader.get("a")).map(StoreEntry::value).contains("3");
    }

    @Test
    void aHostThatEndsWaitsForNobodyWhoIsGone() {
        RatisClusterStore last = cluster.follower();
        cluster.names().stream().filter(name -> !name.equals(last.peer())).forEach(cluster::stop);
        last.prepareClose(Duration.ZERO);

        // as many as a host with jobs asks; with the usual patience they would take a minute
        assertTimeout(Duration.ofSeconds(15), () -> {
            for (int i = 0; i < 20; i++) {
                assertThatExceptionOfType(FlynnException.class)
                        .isThrownBy(() -> put(last, "a", "2"))
                        .matches(e -> e.code() == ErrorCode.SERVICE_UNAVAILABLE);
            }
        });
        assertThat(last.get("a", Consistency.STALE)).map(StoreEntry::value).contains("1");
    }

    @Test
    void whatIsRepeatedAfterALostAnswerHappensOnce() {
        RatisClusterStore follower = cluster.follower();
        cluster.network.spoil(0.5, 0.05, 0.1);
        for (int i = 0; i < 20; i++) {
            commitUntilAnswered(
                    follower, Transaction.builder().append("log/", "x").build());
        }
        cluster.network.heal();

        assertThat(follower.list("log/").entries()).hasSize(20);
    }

    private static void commitUntilAnswered(ClusterStore store, Transaction transaction) {
        while (true) {
            try {
                store.commit(transaction);
                return;
            } catch (FlynnException unanswered) {
                assertThat(unanswered.retry()).isTrue();
            }
        }
    }

    @Test
    void aLeaderWithoutRoomLetsAnotherLead() {
        String full = cluster.follower().peer();
        cluster.stop(full);
        cluster.with(builder -> builder.diskReserveBytes(Long.MAX_VALUE)).start(full);
        cluster.letLead(full);

        put(cluster.store(full), "a", "2");

        assertThat(cluster.leader().peer()).isNotEqualTo(full);
        assertThat(cluster.store(full).get("a")).map(StoreEntry::value).contains("2");
    }

    @Test
    void oneOfThreeMayBeMissingFromTheStart() {
        cluster.names().forEach(cluster::stop);
        cluster.start("p3");
        cluster.start("p1");

        assertThat(cluster.store("p3").get("a")).map(StoreEntry::value).contains("1");
        put(cluster.store("p1"), "a", "2");
    }

    @Test
    void aWatchOnAFollowerSeesEveryChangeAcrossChangesOfTheLeader() {
        var seen = new CopyOnWriteArrayList<Long>();
        RatisClusterStore follower = cluster.follower();
        try (var watch = follower.watch("", 0, change -> seen.add(change.revision()))) {
            long last = 1;
            for (int i = 0; i < 3; i++) {
                RatisClusterStore leader = cluster.leader();
                if (leader != follower) {
                    cluster.stop(leader.peer());
                    last = put(follower, "a", "x" + i);
                    cluster.start(leader.peer());
                }
                last = put(follower, "a", "y" + i);
            }
            long expected = last;
            await().until(() -> seen.contains(expected));
            assertThat(seen).isEqualTo(LongStream.rangeClosed(1, last).boxed().toList());
        }
    }
}
