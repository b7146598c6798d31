package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Members are promoted and demoted, and meanwhile one of them ends and starts again, at any moment. Each time the store goes on by
 * itself, with all that was acknowledged. {@code -Dflynn.members.rounds=N -Dflynn.members.seed=N}
 */
class ChangingMembersTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final int rounds = Integer.getInteger("flynn.members.rounds", 4);
    private final long seed = Long.getLong("flynn.members.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @TempDir
    Path directory;

    private TestCluster cluster;

    @AfterEach
    void close() {
        cluster.close();
    }

    @Test
    void theStoreGoesOnWhoeverEndsWhileItsMembersChange() throws Exception {
        cluster = TestCluster.of(directory, 1, seed)
                .with(builder -> builder.patience(Duration.ofSeconds(5)))
                .startAll();
        for (String name : List.of("m2", "m3", "m4")) {
            cluster.startJoining(name);
            cluster.addListener(name);
        }
        for (int round = 1; round <= rounds; round++) {
            List<StoreMember> members = cluster.leader().members();
            long voters = members.stream().filter(StoreMember::isVoter).count();
            StoreMember changed = one(members.stream()
                    .filter(member -> !member.isVoter() || voters > 1)
                    .toList());
            String ends =
                    random.nextInt(3) == 0 ? changed.id() : cluster.leader().peer();
            String what = "seed %d, round %d: %s %s of %d voters, %s ends"
                    .formatted(seed, round, changed.isVoter() ? "demote" : "promote", changed.id(), voters, ends);

            CompletableFuture<Void> change = CompletableFuture.runAsync(() -> change(changed));
            TimeUnit.MICROSECONDS.sleep(random.nextInt(60_000));
            cluster.stop(ends);
            TimeUnit.MILLISECONDS.sleep(random.nextInt(500));
            restart(ends);
            assertThat(change).as(() -> what + ": " + state()).succeedsWithin(PATIENCE);

            String value = String.valueOf(round);
            await(what).atMost(PATIENCE).ignoreExceptions().until(() -> put(ends, value));
            for (RatisClusterStore store : cluster.running()) {
                await(what + ", read by " + store.peer())
                        .atMost(PATIENCE)
                        .ignoreExceptions()
                        .untilAsserted(() -> assertThat(store.get("round"))
                                .map(StoreEntry::value)
                                .contains(value));
            }
        }
    }

    private String state() {
        return cluster.running().stream()
                .map(store -> "%s thinks %s leads, of %s".formatted(store.peer(), store.leader(), store.members()))
                .collect(Collectors.joining("; "));
    }

    private <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private void change(StoreMember member) {
        // by whoever runs: the leader may be the one that ends
        for (RatisClusterStore store : cluster.running()) {
            try {
                if (member.isVoter()) {
                    store.demote(member.id());
                } else {
                    store.promote(member.id());
                }
                return;
            } catch (FlynnException | IllegalStateException e) {
                // it need not succeed
            }
        }
    }

    private boolean put(String peer, String value) {
        return cluster.store(peer)
                .commit(Transaction.builder().put("round", value).build())
                .committed();
    }

    /** As the host starts it that it is on. */
    private void restart(String name) {
        if (name.equals("p1")) {
            cluster.start(name);
        } else {
            cluster.startJoining(name);
        }
    }
}
