package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreCapability;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class MembershipTest {

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

    private static List<String> voters(RatisClusterStore store) {
        return store.members().stream()
                .filter(StoreMember::isVoter)
                .map(StoreMember::id)
                .toList();
    }

    @Test
    void aListenerFollowsReadsAndForwards() {
        cluster = TestCluster.of(directory, 1).startAll();
        put(cluster.leader(), "a", "1");

        RatisClusterStore listener = cluster.startJoining("l1");
        cluster.addListener("l1");

        assertThat(listener.get("a")).map(StoreEntry::value).contains("1");
        put(listener, "b", "2");
        assertThat(cluster.leader().get("b")).map(StoreEntry::value).contains("2");
        put(cluster.leader(), "c", "3");
        await().until(() -> listener.get("c", Consistency.STALE).isPresent());
        assertThat(voters(listener)).containsExactly("p1");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aVoterThatMovedIsFoundWhereItIs(int voters) {
        cluster = TestCluster.of(directory, voters).startAll();
        put(cluster.leader(), "a", "1");
        RatisClusterStore moving = voters == 1 ? cluster.leader() : cluster.follower();
        cluster.stop(moving.peer());
        for (String place : List.of("elsewhere", "elsewhere still")) {
            var moved = new StorePeer(moving.peer(), place);
            try (RatisClusterStore store = RatisClusterStore.builder(cluster.directory(moved.id()))
                    .peer(moved, cluster.network.transport(moved))
                    .build()) {
                await().ignoreExceptions().until(() -> store.get("a").isPresent());
                store.addListener(moved);

                await().untilAsserted(() -> assertThat(store.members()) // a follower hears of it a moment later
                        .filteredOn(member -> member.id().equals(moved.id()))
                        .containsExactly(new StoreMember(moved.id(), place, StoreMember.Role.VOTER)));
                assertThat(voters(store)).hasSize(voters);
                put(store, "a", place);
            }
        }
        // who comes later finds it by what the others keep
        for (RatisClusterStore other : List.copyOf(cluster.running())) {
            assertThat(other.members()).extracting(StoreMember::address).contains("elsewhere still");
        }
    }

    @Test
    void aStoreGrowsFromOneVoterToThreeAndSurvivesTheFirst() {
        cluster = TestCluster.of(directory, 1).startAll();
        put(cluster.leader(), "a", "1");
        for (String name : List.of("q2", "q3")) {
            cluster.startJoining(name);
            cluster.addListener(name);
            cluster.store("p1").promote(name);
        }
        assertThat(voters(cluster.store("p1"))).containsExactly("p1", "q2", "q3");

        cluster.stop("p1");

        put(cluster.store("q2"), "a", "2");
        assertThat(cluster.store("q3").get("a")).map(StoreEntry::value).contains("2");
    }

    @Test
    void aStoreThatWasAloneCanGetPeers() {
        Path alone = directory.resolve("alone");
        String peer;
        try (RatisClusterStore store = RatisClusterStore.builder(alone).build()) {
            put(store, "a", "1");
            peer = store.peer();
        }
        cluster = TestCluster.of(directory, 1);
        var self = new StorePeer(peer, "at-first");
        StorePeer second = TestCluster.peer("q2");
        PeerTransport transport = cluster.network.transport(self);
        try (RatisClusterStore store =
                        RatisClusterStore.builder(alone).peer(self, transport).build();
                RatisClusterStore listener = RatisClusterStore.builder(directory.resolve("second"))
                        .cluster(store.cluster())
                        .peer(second, cluster.network.transport(second))
                        .join()
                        .build()) {
            store.addListener(second);
            assertThat(listener.get("a")).map(StoreEntry::value).contains("1");
            put(listener, "a", "2");
            assertThat(store.members()).extracting(StoreMember::address).containsExactlyInAnyOrder("at-first", "at-q2");
        }
    }

    @Test
    void withThreeVotersTheStoreIsReplicated() {
        cluster = TestCluster.of(directory, 3).startAll();

        assertThat(cluster.leader().capabilities()).contains(StoreCapability.REPLICATED);
        cluster.leader().demote(cluster.follower().peer());
        assertThat(cluster.leader().capabilities()).doesNotContain(StoreCapability.REPLICATED);
    }

    @Test
    void theLeaderItselfCanBeDemotedAndRemoved() {
        cluster = TestCluster.of(directory, 3).startAll();
        put(cluster.leader(), "a", "1");
        String first = cluster.leader().peer();

        cluster.store(first).demote(first);

        put(cluster.store(first), "a", "2");
        assertThat(cluster.leader().peer()).isNotEqualTo(first);
        assertThat(voters(cluster.leader())).hasSize(2).doesNotContain(first);
        assertThat(cluster.store(first).get("a")).map(StoreEntry::value).contains("2");

        cluster.leader().remove(first);
        assertThat(cluster.leader().members()).extracting(StoreMember::id).doesNotContain(first);
        put(cluster.leader(), "a", "3");
    }

    @Test
    void whoWasRemovedIsToldSo() {
        cluster = TestCluster.of(directory, 3)
                .with(builder -> builder.patience(Duration.ofSeconds(3)))
                .startAll();
        put(cluster.leader(), "a", "1");
        RatisClusterStore removed = cluster.follower();

        cluster.leader().remove(removed.peer());

        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThatExceptionOfType(FlynnException.class)
                        .isThrownBy(() -> removed.get("a"))
                        .matches(e -> e.code() == ErrorCode.CONFLICT)
                        .withMessageContaining("was removed"));
        put(cluster.leader(), "a", "2");
    }

    @Test
    void aDeadVoterIsReplaced() {
        cluster = TestCluster.of(directory, 3).startAll();
        put(cluster.leader(), "a", "1");
        String dead = cluster.follower().peer();
        cluster.stop(dead);

        cluster.startJoining("q4");
        cluster.addListener("q4");
        cluster.leader().remove(dead);
        cluster.leader().promote("q4");

        assertThat(voters(cluster.leader())).hasSize(3).contains("q4").doesNotContain(dead);
        put(cluster.store("q4"), "a", "2");
    }

    @Test
    void theLastVoterStays() {
        cluster = TestCluster.of(directory, 1).startAll();

        for (Runnable change : List.<Runnable>of(
                () -> cluster.leader().remove("p1"), () -> cluster.leader().demote("p1"))) {
            assertThatExceptionOfType(FlynnException.class)
                    .isThrownBy(change::run)
                    .matches(e -> e.code() == ErrorCode.VALIDATION)
                    .withMessageContaining("last voter");
        }
        put(cluster.leader(), "a", "1");
    }

    @Test
    void aListenerThatDoesNotAnswerIsNotAdded() {
        cluster = TestCluster.of(directory, 1)
                .with(builder -> builder.patience(Duration.ofSeconds(5)))
                .startAll();
        put(cluster.leader(), "a", "1");

        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> cluster.leader().addListener(TestCluster.peer("nobody")))
                .matches(e -> e.code() == ErrorCode.SERVICE_UNAVAILABLE)
                .withMessageContaining("nobody");
        assertThat(cluster.leader().members()).hasSize(1);
        put(cluster.leader(), "a", "2");
    }

    @Test
    void aListenerThatIsGoneKeepsNobodyFromJoining() throws InterruptedException {
        cluster = TestCluster.of(directory, 1).startAll();
        cluster.startJoining("l1");
        cluster.addListener("l1");
        cluster.stop("l1");
        // until the leader has missed it for so long that it would give up a peer that it is about to add
        TimeUnit.MILLISECONDS.sleep(1500);

        RatisClusterStore second = cluster.startJoining("l2");
        cluster.leader().addListener(TestCluster.peer("l2"));
        cluster.leader().promote("l2");

        put(second, "a", "1");
        assertThat(voters(second)).containsExactly("l2", "p1");
    }

    @Test
    void aPromotionThatOnlyThePromoterKnowsOfIsNoEnd() {
        cluster = TestCluster.of(directory, 1).startAll();
        cluster.startJoining("l1");
        cluster.addListener("l1");
        RatisClusterStore promoter = cluster.leader();

        cluster.network.lose("store/append");
        CompletableFuture<Void> promoted = CompletableFuture.runAsync(() -> promoter.promote("l1"));
        await().until(() -> voters(promoter).contains("l1"));
        cluster.stop("p1");
        assertThat(promoted).failsWithin(Duration.ofSeconds(20));
        cluster.network.heal();
        cluster.start("p1");

        await().atMost(Duration.ofSeconds(20)).ignoreExceptions().until(() -> {
            put(cluster.store("l1"), "a", "1");
            return true;
        });
        assertThat(voters(cluster.store("l1"))).containsExactly("l1", "p1");
    }

    @Test
    void aListenerThatDoesNotAnswerIsNotPromoted() {
        cluster = TestCluster.of(directory, 1)
                .with(builder -> builder.patience(Duration.ofSeconds(5)))
                .startAll();
        cluster.startJoining("l1");
        cluster.addListener("l1");
        cluster.stop("l1");

        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> cluster.leader().promote("l1"))
                .matches(e -> e.code() == ErrorCode.SERVICE_UNAVAILABLE)
                .withMessageContaining("l1");
        put(cluster.leader(), "a", "1");
    }
}
