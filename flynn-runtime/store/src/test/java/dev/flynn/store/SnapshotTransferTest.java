package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Replicas that are so far behind that the log does not reach back to them. */
@Timeout(120)
class SnapshotTransferTest {

    private static final int WRITERS = 8;
    private static final String VALUE = "x".repeat(2000);

    @TempDir
    Path directory;

    private TestCluster cluster;

    @AfterEach
    void close() {
        cluster.close();
    }

    private TestCluster of(int voters) {
        return TestCluster.of(directory, voters)
                .with(builder -> builder.snapshotEvery(200).limits(TestLimits.SHORT_HISTORY));
    }

    /** More than the log keeps behind a snapshot, in more than one of its files. */
    private static void writeMuch(ClusterStore store) {
        ExecutorService writers = Executors.newFixedThreadPool(WRITERS);
        try {
            CompletableFuture.allOf(IntStream.range(0, WRITERS)
                            .mapToObj(first -> CompletableFuture.runAsync(() -> write(store, first), writers))
                            .toArray(CompletableFuture[]::new))
                    .join();
        } finally {
            writers.shutdownNow();
        }
    }

    private static void write(ClusterStore store, int first) {
        for (int i = first; i < 4000; i += WRITERS) {
            store.commit(Transaction.builder().put("key" + i % 700, VALUE + i).build());
        }
    }

    private static void assertSame(ClusterStore one, ClusterStore other) {
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(other.list("", Consistency.STALE))
                        .isEqualTo(one.list("", Consistency.LINEARIZABLE)));
    }

    @Test
    void aFollowerThatWasAwayGetsASnapshotAndItsWatchIsToldOfTheGap() {
        cluster = of(3).startAll();
        RatisClusterStore follower = cluster.follower();
        cluster.leader().commit(Transaction.builder().put("first", "1").build());
        await().until(() -> follower.get("first", Consistency.STALE).isPresent());
        List<Long> seen = new CopyOnWriteArrayList<>();
        var end = new AtomicReference<ErrorCode>();
        follower.watch("", 0, new StoreWatcher() {
            @Override
            public void onChange(StoreChange change) {
                seen.add(change.revision());
            }

            @Override
            public void onEnd(FlynnException reason) {
                end.set(reason.code());
            }
        });
        cluster.network.isolate(follower.peer(), cluster.names());

        writeMuch(cluster.leader());
        cluster.network.heal();

        assertSame(cluster.leader(), follower);
        await().untilAsserted(() -> assertThat(end).hasValue(ErrorCode.COMPACTED));
        assertThat(seen).containsExactly(1L);
        assertThat(follower.commit(Transaction.builder().put("a", "1").build()).committed())
                .isTrue();
    }

    @Test
    void aNewListenerGetsASnapshotAndKeepsItAcrossARestart() {
        cluster = of(1).startAll();
        writeMuch(cluster.leader());

        cluster.startJoining("l1");
        cluster.addListener("l1");
        assertSame(cluster.leader(), cluster.store("l1"));

        cluster.stop("l1");
        cluster.leader().commit(Transaction.builder().put("a", "1").build());
        cluster.startJoining("l1");
        assertSame(cluster.leader(), cluster.store("l1"));
        cluster.store("l1").commit(Transaction.builder().put("a", "2").build());
    }
}
