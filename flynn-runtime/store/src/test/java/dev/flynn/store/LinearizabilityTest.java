package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import dev.flynn.tck.history.LinearizabilityChecker;
import dev.flynn.tck.history.Register.Action;
import dev.flynn.tck.history.Register.Operation;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients read and write a few keys through different peers while leaders are cut off, slowed down and restarted; the history
 * that they saw must be one of a single register per key.
 *
 * <p>System properties: {@code flynn.linearizable.runs} (2) of {@code flynn.linearizable.seconds} (4),
 * {@code flynn.linearizable.seed} for the first of them (random, and printed).
 */
class LinearizabilityTest {

    private static final int RUNS = Integer.getInteger("flynn.linearizable.runs", 2);
    private static final int SECONDS = Integer.getInteger("flynn.linearizable.seconds", 4);
    private static final long SEED = Long.getLong("flynn.linearizable.seed", System.nanoTime() & 0xffff_ffffL);

    private static final int CLIENTS = 8;
    private static final List<String> KEYS = List.of("x", "y", "z");
    private static final String ABSENT = "";

    @TempDir
    Path directory;

    @Test
    void everyHistoryIsThatOfARegister() throws Exception {
        for (int run = 0; run < RUNS; run++) {
            long seed = SEED + run;
            try (TestCluster cluster = TestCluster.of(directory.resolve("run" + run), 3, seed)
                    .with(builder -> builder.patience(Duration.ofMillis(1500)).snapshotEvery(300))
                    .startAll()) {
                cluster.leader();
                new Run(cluster, seed).check();
            }
        }
    }

    /** One cluster, its clients and its troubles. */
    private static final class Run {

        private final TestCluster cluster;
        private final long seed;
        private final Map<String, List<Operation>> histories = new ConcurrentHashMap<>();
        private final AtomicLong values = new AtomicLong();
        private final long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        private final List<long[]> commits = new ArrayList<>();

        Run(TestCluster cluster, long seed) {
            this.cluster = cluster;
            this.seed = seed;
            KEYS.forEach(key -> histories.put(key, new ArrayList<>()));
        }

        void check() throws Exception {
            ExecutorService threads = Executors.newCachedThreadPool();
            try {
                List<Future<?>> clients = new ArrayList<>();
                for (int client = 0; client < CLIENTS; client++) {
                    int number = client;
                    clients.add(threads.submit(() -> work(number)));
                }
                trouble();
                for (Future<?> client : clients) {
                    client.get(60, TimeUnit.SECONDS);
                }
            } finally {
                threads.shutdownNow();
            }
            int operations = 0;
            long answered = 0;
            for (String key : KEYS) {
                List<Operation> history = histories.get(key);
                operations += history.size();
                answered += history.stream().filter(Operation::isAnswered).count();
                assertThat(LinearizabilityChecker.violation(history, ABSENT))
                        .as("key %s, seed %d", key, seed)
                        .isEmpty();
            }
            assertRevisionsFollowTime();
            System.out.printf(
                    "linearizable: %d operations, %d of them answered, in %d s, seed %d%n",
                    operations, answered, SECONDS, seed);
            assertThat(answered).as("a history of something").isGreaterThan(CLIENTS);
        }

        private void work(int client) {
            var random = new Random(seed * 31 + client);
            while (System.nanoTime() < endNanos) {
                String peer = "p" + (1 + random.nextInt(3));
                RatisClusterStore store = cluster.store(peer);
                String key = KEYS.get(random.nextInt(KEYS.size()));
                if (store != null) {
                    try {
                        operate(client, store, key, random.nextInt(4));
                    } catch (IllegalStateException closed) {
                        // just being restarted; what it was asked for may have happened, and has been noted as such
                    }
                }
            }
        }

        private void operate(int client, RatisClusterStore store, String key, int what) {
            switch (what) {
                case 0 -> write(client, store, key);
                case 1 -> swap(client, store, key);
                default -> read(client, store, key);
            }
        }

        private Optional<StoreEntry> read(int client, RatisClusterStore store, String key) {
            long call = System.nanoTime();
            try {
                Optional<StoreEntry> found = store.get(key);
                note(key, client, call, System.nanoTime(), new Action.Read(valueOf(found)));
                return found;
            } catch (FlynnException unanswered) {
                return Optional.empty();
            }
        }

        private void write(int client, RatisClusterStore store, String key) {
            String value = "v" + values.incrementAndGet();
            long call = System.nanoTime();
            long end = Operation.UNKNOWN;
            try {
                CommitResult result =
                        store.commit(Transaction.builder().put(key, value).build());
                end = System.nanoTime();
                noteCommit(call, end, result.revision());
            } catch (FlynnException unknown) {
                // it may have happened
            } finally {
                note(key, client, call, end, new Action.Write(value));
            }
        }

        private void swap(int client, RatisClusterStore store, String key) {
            Optional<StoreEntry> before = read(client, store, key);
            if (before.isEmpty()) {
                return;
            }
            String value = "v" + values.incrementAndGet();
            long call = System.nanoTime();
            long end = Operation.UNKNOWN;
            boolean swapped = false;
            try {
                CommitResult result = store.commit(Transaction.builder()
                        .whenUnchanged(key, before.get().modRevision())
                        .put(key, value)
                        .build());
                swapped = result.committed();
                end = System.nanoTime();
                if (swapped) {
                    noteCommit(call, end, result.revision());
                }
            } catch (FlynnException unknown) {
                // it may have happened
            } finally {
                boolean isAnswered = end != Operation.UNKNOWN;
                note(key, client, call, end, new Action.Swap(before.get().value(), value, isAnswered, swapped));
            }
        }

        private static String valueOf(Optional<StoreEntry> entry) {
            return entry.map(StoreEntry::value).orElse(ABSENT);
        }

        private void note(String key, int client, long call, long end, Action action) {
            List<Operation> history = histories.get(key);
            synchronized (history) {
                history.add(new Operation(client, call, end, action));
            }
        }

        private void noteCommit(long call, long end, long revision) {
            synchronized (commits) {
                commits.add(new long[] {call, end, revision});
            }
        }

        /** What began after another was answered has the greater revision, over all keys. */
        private void assertRevisionsFollowTime() {
            commits.sort((one, other) -> Long.compare(one[2], other[2]));
            long latestCall = Long.MIN_VALUE;
            for (long[] commit : commits) {
                assertThat(commit[1])
                        .as("revision %d was answered before an earlier one was asked for, seed %d", commit[2], seed)
                        .isGreaterThan(latestCall);
                latestCall = Math.max(latestCall, commit[0]);
            }
            assertThat(commits.stream().map(commit -> commit[2]).distinct()).hasSize(commits.size());
        }

        // ---- troubles

        private void trouble() {
            var random = new Random(seed);
            while (System.nanoTime() < endNanos) {
                pause(100 + random.nextInt(400));
                String victim = random.nextInt(3) > 0
                        ? cluster.running().stream()
                                .filter(RatisClusterStore::isLeader)
                                .map(RatisClusterStore::peer)
                                .findFirst()
                                .orElse("p1")
                        : "p" + (1 + random.nextInt(3));
                switch (random.nextInt(6)) {
                    case 0 -> cluster.network.isolate(victim, List.of("p1", "p2", "p3"));
                    case 1 -> cluster.network.cutOneWay(victim, "p" + (1 + random.nextInt(3)));
                    case 2 -> cluster.network.delay(1 + random.nextInt(60));
                    case 3 -> cluster.network.spoil(0.2, 0.05, 0.05);
                    case 4 -> cluster.network.hold(victim);
                    default -> restart(victim);
                }
                pause(300 + random.nextInt(1500));
                cluster.network.heal();
            }
        }

        private void restart(String victim) {
            cluster.stop(victim);
            cluster.start(victim);
        }

        private void pause(int millis) {
            LockSupport.parkNanos(
                    Math.min(TimeUnit.MILLISECONDS.toNanos(millis), Math.max(0, endNanos - System.nanoTime())));
        }
    }
}
