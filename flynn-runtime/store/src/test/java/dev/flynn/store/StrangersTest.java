package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.Transaction;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Peers that must not take part, and what they are told. */
@Timeout(120)
class StrangersTest {

    @TempDir
    Path directory;

    private TestCluster cluster;

    @BeforeEach
    void open() {
        cluster = TestCluster.of(directory, 3).startAll();
        put(cluster.leader(), "a", "1");
    }

    @AfterEach
    void close() {
        cluster.close();
    }

    private static void put(ClusterStore store, String key, String value) {
        store.commit(Transaction.builder().put(key, value).build());
    }

    @Test
    void aReplicaOfAnotherClusterIsNotAdded() {
        StorePeer stranger = TestCluster.peer("s1");
        UUID other = UUID.randomUUID();
        try (RatisClusterStore foreign = RatisClusterStore.builder(cluster.directory("s1"))
                .cluster(other)
                .peer(stranger, cluster.network.transport(stranger))
                .join()
                .build()) {
            assertThatExceptionOfType(FlynnException.class)
                    .isThrownBy(() -> cluster.leader().addListener(stranger))
                    .matches(e -> e.code() == ErrorCode.CONFLICT)
                    .withMessageContaining(other.toString())
                    .withMessageContaining(cluster.leader().cluster().toString())
                    .withMessageContaining("never merged");
            assertThat(foreign.list("", Consistency.STALE).entries()).isEmpty();
        }
    }

    @Test
    void aFounderOfAnotherClusterIsRefused() {
        cluster.stop("p3");

        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> RatisClusterStore.builder(directory.resolve("elsewhere"))
                        .cluster(UUID.randomUUID())
                        .peer(TestCluster.peer("p3"), cluster.network.transport(TestCluster.peer("p3")))
                        .found(List.of(TestCluster.peer("p1"), TestCluster.peer("p2"), TestCluster.peer("p3")))
                        .build())
                .matches(e -> e.code() == ErrorCode.CONFLICT)
                .withMessageContaining("never merged");
    }

    @Test
    void aDirectoryIsThatOfOnePeer() {
        cluster.stop("p3");
        StorePeer other = TestCluster.peer("p4");

        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> RatisClusterStore.builder(cluster.directory("p3"))
                        .peer(other, cluster.network.transport(other))
                        .build())
                .matches(e -> e.code() == ErrorCode.CONFLICT)
                .withMessageContaining("that of peer p3");
    }

    @Test
    void aCopyOfADirectoryIsRefusedWhileTheOriginalRuns() throws IOException {
        String original = cluster.follower().peer();
        Path copy = directory.resolve("copy");
        copy(cluster.directory(original), copy);
        var elsewhere = new StorePeer(original, "elsewhere");

        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> RatisClusterStore.builder(copy)
                        .peer(elsewhere, cluster.network.transport(elsewhere))
                        .build())
                .matches(e -> e.code() == ErrorCode.CONFLICT)
                .withMessageContaining("runs twice")
                .withMessageContaining("elsewhere")
                .withMessageContaining("at-" + original);
        put(cluster.store(original), "a", "2");
    }

    @Test
    void aPeerMayMoveToAnotherAddress() {
        String moving = cluster.follower().peer();
        cluster.stop(moving);
        var elsewhere = new StorePeer(moving, "elsewhere");

        try (RatisClusterStore moved = RatisClusterStore.builder(cluster.directory(moving))
                .peer(elsewhere, cluster.network.transport(elsewhere))
                .build()) {
            put(moved, "a", "2");
            assertThat(moved.get("a")).isPresent();
        }
    }

    @Test
    void aVoterThatLostItsDirectoryIsRefused() throws IOException {
        String careless = cluster.follower().peer();
        cluster.stop(careless);
        delete(cluster.directory(careless));

        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> cluster.start(careless))
                .matches(e -> e.code() == ErrorCode.CONFLICT)
                .withMessageContaining(careless)
                .withMessageContaining("another data directory");
        put(cluster.leader(), "a", "2");
    }

    @Test
    void aPeerOfAnotherFormatIsRefusedByName() throws Exception {
        var old = new StorePeer("old", "at-old");
        PeerTransport transport = cluster.network.transport(old);
        ByteBuffer request = ByteBuffer.wrap(new byte[] {99, 1, 2, 3});

        ByteBuffer answer =
                transport.call("p1", "at-p1", "store/append", request).get(5, TimeUnit.SECONDS);

        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> PeerFrames.read(answer))
                .matches(e -> e.code() == ErrorCode.VALIDATION)
                .withMessageContaining("\"old\" speaks format 99")
                .withMessageContaining("\"p1\" only format 1");
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }

    private static void delete(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
