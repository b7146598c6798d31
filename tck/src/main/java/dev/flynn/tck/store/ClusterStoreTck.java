package dev.flynn.tck.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreCapability;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreChange.KeyChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import dev.flynn.tck.Rule;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apiguardian.api.API;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checks the promises CS-1 to CS-10 of a {@link ClusterStore}. Extend it, say how a store is opened, and run it with JUnit:
 *
 * <pre>{@code
 * class EtcdClusterStoreTckTest extends ClusterStoreTck {
 *
 *     protected ClusterStore openStore(Path dataDirectory) {
 *         return new EtcdClusterStore(dataDirectory);
 *     }
 *
 *     protected int historyLimit() {
 *         return 1000;
 *     }
 * }
 * }</pre>
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
@Timeout(120)
public abstract class ClusterStoreTck {

    private static final int THREADS = 4;

    @TempDir
    Path dataDirectory;

    private ClusterStore store;
    private ExecutorService threads;

    /** Opens a store that keeps itself in this directory; the same directory means the same store. */
    protected abstract ClusterStore openStore(Path dataDirectory);

    /**
     * So many small transactions are certainly more than a watch can go back, and half as many are certainly not. A store
     * opened for these tests may well keep less than usual; 0 if it keeps everything.
     */
    protected abstract int historyLimit();

    /**
     * The {@link dev.flynn.spi.store.ClusterStoreFactory#name name} of the store's factory, by which a process that is going
     * to be killed opens it (CS-9); empty if it has none, or is not durable.
     */
    protected Optional<String> factoryName() {
        return Optional.empty();
    }

    /** How long a test waits for what must come. */
    protected Duration patience() {
        return Duration.ofSeconds(30);
    }

    @BeforeEach
    final void open() {
        threads = Executors.newCachedThreadPool();
        store = openStore(dataDirectory);
    }

    @AfterEach
    final void close() throws InterruptedException {
        threads.shutdownNow();
        store.close();
        assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }

    // ---- CS-1: whole or not at all

    @Rule("CS-1")
    void allOperationsOfATransactionHappen() {
        put("old", "1");

        CommitResult result = store.commit(Transaction.builder()
                .put("a", "1")
                .delete("old")
                .append("log/", "x")
                .delete("never-there")
                .build());

        assertThat(result.committed()).isTrue();
        assertThat(result.conflictKey()).isEmpty();
        assertThat(keys("")).containsExactly("a", result.appendedKeys().get(0));
    }

    @Rule("CS-1")
    void oneFailedConditionAndNothingHappens() {
        long revision = put("a", "1");

        CommitResult result = store.commit(Transaction.builder()
                .whenUnchanged("a", revision)
                .whenAbsent("b")
                .whenUnchanged("c", revision)
                .put("a", "2")
                .delete("a")
                .append("log/", "x")
                .build());

        assertThat(result).isEqualTo(CommitResult.conflict(revision, "c"));
        assertThat(store.list("")).isEqualTo(new StoreSnapshot(revision, List.of(entry("a", "1", revision))));
    }

    @Rule("CS-1")
    void aKeyThatShouldBeAbsentAndIsNotIsAConflict() {
        put("a", "1");

        CommitResult result =
                store.commit(Transaction.builder().whenAbsent("a").put("a", "2").build());

        assertThat(result.conflictKey()).contains("a");
        assertThat(store.get("a")).map(StoreEntry::value).contains("1");
    }

    @Rule("CS-1")
    void aKeyThatWasDeletedIsAbsent() {
        long revision = put("a", "1");
        store.commit(Transaction.builder().delete("a").build());

        CommitResult stale = store.commit(
                Transaction.builder().whenUnchanged("a", revision).put("a", "2").build());
        CommitResult fresh =
                store.commit(Transaction.builder().whenAbsent("a").put("a", "3").build());

        assertThat(stale.committed()).isFalse();
        assertThat(store.get("a")).contains(entry("a", "3", fresh.revision()));
    }

    @Rule("CS-1")
    void operationsHappenInTheirOrder() {
        CommitResult result = store.commit(Transaction.builder()
                .put("a", "1")
                .put("a", "2")
                .put("b", "1")
                .delete("b")
                .build());

        assertThat(store.list("")).isEqualTo(new StoreSnapshot(result.revision(), List.of(entry("a", "2", 1))));
    }

    @Rule("CS-1")
    void theLargestValueComesBackUnchanged() {
        String large = "ü".repeat(Transaction.MAX_VALUE_BYTES / 2);

        put("large", large);

        assertThat(store.get("large")).map(StoreEntry::value).contains(large);
    }

    // ---- CS-2: serializable

    @Rule("CS-2")
    void eachCommittedTransactionRaisesTheRevisionByOne() {
        long first = put("a", "1");
        CommitResult several =
                store.commit(Transaction.builder().put("a", "2").put("b", "1").build());
        CommitResult noChange =
                store.commit(Transaction.builder().delete("never-there").build());
        CommitResult refused =
                store.commit(Transaction.builder().whenAbsent("a").put("c", "1").build());
        CommitResult empty = store.commit(
                Transaction.builder().whenUnchanged("a", several.revision()).build());

        assertThat(first).isEqualTo(1);
        assertThat(several.revision()).isEqualTo(2);
        assertThat(noChange).isEqualTo(CommitResult.committed(3, List.of()));
        assertThat(refused).isEqualTo(CommitResult.conflict(3, "a"));
        assertThat(empty).isEqualTo(CommitResult.committed(3, List.of()));
        assertThat(store.list("").revision()).isEqualTo(3);
    }

    @Rule("CS-2")
    void anEntryKeepsItsFirstRevisionUntilItIsDeleted() {
        long created = put("a", "1");
        long changed = put("a", "2");
        assertThat(store.get("a")).contains(new StoreEntry("a", "2", created, changed));

        store.commit(Transaction.builder().delete("a").build());
        assertThat(store.get("a")).isEmpty();

        long again = put("a", "3");
        assertThat(store.get("a")).contains(new StoreEntry("a", "3", again, again));
    }

    @Rule("CS-2")
    void noIncrementIsLostBetweenCompetingThreads() {
        int increments = 50;
        put("counter", "0");

        List<Long> revisions = onAllThreads(() -> {
                    List<Long> mine = new ArrayList<>();
                    for (int i = 0; i < increments; i++) {
                        mine.add(increment("counter"));
                    }
                    return mine;
                })
                .stream()
                .flatMap(List::stream)
                .sorted()
                .toList();

        assertThat(store.get("counter")).map(StoreEntry::value).contains(Integer.toString(THREADS * increments));
        assertThat(revisions)
                .isEqualTo(LongStream.rangeClosed(2, THREADS * increments + 1L)
                        .boxed()
                        .toList());
    }

    // ---- CS-3: linearizable reads

    @Rule("CS-3")
    void whatWasAcknowledgedToOneThreadIsSeenByAnother() {
        for (int i = 0; i < 100; i++) {
            String value = Integer.toString(i);
            long revision = put("a", value);

            Optional<StoreEntry> seen = onAnotherThread(() -> store.get("a", Consistency.LINEARIZABLE));
            StoreSnapshot listed = onAnotherThread(() -> store.list("a", Consistency.LINEARIZABLE));

            assertThat(seen).map(StoreEntry::value).contains(value);
            assertThat(listed.revision()).isEqualTo(revision);
            assertThat(listed.entries()).map(StoreEntry::value).containsExactly(value);
        }
    }

    @Rule("CS-3")
    void aStaleReadSeesSomeEarlierState() {
        long revision = put("a", "1");

        StoreSnapshot stale = store.list("", Consistency.STALE);

        assertThat(stale.revision()).isBetween(0L, revision);
        assertThat(stale.entries())
                .isEqualTo(stale.revision() == revision ? List.of(entry("a", "1", revision)) : List.of());
    }

    // ---- CS-4: a list is of one revision

    @Rule("CS-4")
    void aListIsSortedAndEndsWithItsPrefix() {
        for (String key : List.of("b/2", "b", "b/", "b/10", "a", "c", "b0", "b/1")) {
            put(key, "x");
        }

        assertThat(keys("b/")).containsExactly("b/", "b/1", "b/10", "b/2");
        assertThat(keys("")).containsExactly("a", "b", "b/", "b/1", "b/10", "b/2", "b0", "c");
        assertThat(keys("nothing")).isEmpty();
    }

    @Rule("CS-4")
    void aListShowsNoHalfOfATransaction() {
        var done = new AtomicBoolean();
        Future<?> writer = threads.submit(() -> {
            for (int i = 0; i < 300; i++) {
                String value = Integer.toString(i);
                store.commit(Transaction.builder()
                        .put("pair/left", value)
                        .put("pair/right", value)
                        .build());
            }
            done.set(true);
        });

        do {
            for (Consistency consistency : Consistency.values()) {
                StoreSnapshot pair = store.list("pair/", consistency);
                assertThat(pair.entries().stream().map(StoreEntry::value).distinct())
                        .hasSizeLessThanOrEqualTo(1);
                assertThat(pair.entries()).allMatch(entry -> entry.modRevision() == pair.revision());
            }
        } while (!done.get());
        get(writer);
    }

    // ---- CS-5: watches

    @Rule("CS-5")
    void aWatchTellsEachTransactionOnceWithWhatConcernsItsPrefix() {
        var watcher = new RecordingWatcher(patience());
        store.watch("a/", 0, watcher);

        long first = put("a/1", "x");
        put("b/1", "x");
        CommitResult mixed = store.commit(Transaction.builder()
                .put("a/2", "y")
                .put("b/2", "y")
                .delete("a/1")
                .delete("a/never-there")
                .append("a/log/", "z")
                .build());

        String appended = mixed.appendedKeys().get(0);
        assertThat(watcher.awaitRevision(mixed.revision()))
                .containsExactly(
                        new StoreChange(first, List.of(set("a/1", "x", first))),
                        new StoreChange(
                                mixed.revision(),
                                List.of(
                                        set("a/2", "y", mixed.revision()),
                                        new KeyChange("a/1", Optional.empty()),
                                        set(appended, "z", mixed.revision()))));
    }

    @Rule("CS-5")
    void aWatchFromTheRevisionOfAListContinuesWithoutAGap() {
        put("a", "1");
        StoreSnapshot snapshot = store.list("");
        long next = put("a", "2");

        var watcher = new RecordingWatcher(patience());
        store.watch("", snapshot.revision(), watcher);

        assertThat(watcher.awaitRevision(next))
                .containsExactly(new StoreChange(
                        next,
                        List.of(new KeyChange("a", Optional.of(new StoreEntry("a", "2", snapshot.revision(), next))))));
    }

    @Rule("CS-5")
    void watchesThatBeginWhileOthersWriteMissNothing() {
        int writes = keptWrites() / THREADS;
        List<RecordingWatcher> watchers = new ArrayList<>();
        Future<?> writers = threads.submit(() -> onAllThreads(() -> {
            for (int i = 0; i < writes; i++) {
                store.commit(Transaction.builder()
                        .append("log/", "x")
                        .put("other", "y")
                        .build());
            }
            return true;
        }));
        while (!writers.isDone() && watchers.size() < 20) {
            var watcher = new RecordingWatcher(patience());
            watchers.add(watcher);
            store.watch("log/", 0, watcher);
            store.list("log/");
        }
        get(writers);
        long last = store.list("").revision();

        assertThat(last).isEqualTo(THREADS * writes);
        for (RecordingWatcher watcher : watchers) {
            watcher.awaitRevision(last);
            assertThat(watcher.revisions())
                    .isEqualTo(LongStream.rangeClosed(1, last).boxed().toList());
            assertThat(watcher.isOrderly()).isTrue();
        }
    }

    @Rule("CS-5")
    void aSlowWatcherHoldsUpNeitherWritersNorOtherWatchers() throws InterruptedException {
        var release = new CountDownLatch(1);
        var slow = new RecordingWatcher(patience());
        store.watch("", 0, new StoreWatcher() {
            @Override
            public void onChange(StoreChange change) {
                awaitQuietly(release);
                slow.onChange(change);
            }
        });
        var quick = new RecordingWatcher(patience());
        store.watch("", 0, quick);
        int writes = keptWrites();

        try {
            for (int i = 0; i < writes; i++) {
                put("a", "x");
            }
            quick.awaitRevision(writes);
            assertThat(slow.changes()).isEmpty();
        } finally {
            release.countDown();
        }
        slow.awaitRevision(writes);
        assertThat(slow.revisions()).isEqualTo(quick.revisions());
    }

    @Rule("CS-5")
    void aClosedSubscriptionDeliversNothingMore() {
        var closed = new RecordingWatcher(patience());
        var other = new RecordingWatcher(patience());
        Subscription subscription = store.watch("", 0, closed);
        store.watch("", 0, other);
        closedAfterFirst(subscription, closed);

        long last = put("a", "2");

        other.awaitRevision(last);
        assertThat(closed.changes()).hasSize(1);
        assertThat(closed.end()).isEmpty();
    }

    private void closedAfterFirst(Subscription subscription, RecordingWatcher watcher) {
        watcher.awaitRevision(put("a", "1"));
        subscription.close();
        subscription.close();
    }

    @Rule("CS-5")
    void aWatchThatBeginsInTheFutureWaitsForIt() {
        var watcher = new RecordingWatcher(patience());
        store.watch("", 2, watcher);

        put("a", "1");
        put("a", "2");
        long third = put("a", "3");

        watcher.awaitRevision(third);
        assertThat(watcher.revisions()).containsExactly(third);
    }

    // ---- CS-6: compaction

    @Rule("CS-6")
    void aWatchOfForgottenChangesEndsWithCompacted() {
        assumeTrue(historyLimit() > 0, "this store keeps every change");
        for (int i = 0; i <= historyLimit(); i++) {
            put("a", "x");
        }

        var watcher = new RecordingWatcher(patience());
        store.watch("", 0, watcher);

        assertThat(watcher.awaitEnd()).isEqualTo(ErrorCode.COMPACTED);
        assertThat(watcher.changes()).isEmpty();
        assertThat(watcher.isOrderly()).isTrue();
    }

    @Rule("CS-6")
    void aWatcherThatFallsBehindIsToldInsteadOfSkipping() {
        assumeTrue(historyLimit() > 0, "this store keeps every change");
        var entered = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        var slow = new RecordingWatcher(patience());
        store.watch("", 0, new StoreWatcher() {
            @Override
            public void onChange(StoreChange change) {
                entered.countDown();
                awaitQuietly(release);
                slow.onChange(change);
            }

            @Override
            public void onEnd(FlynnException reason) {
                slow.onEnd(reason);
            }
        });
        put("a", "x");
        awaitQuietly(entered);
        for (int i = 0; i <= historyLimit(); i++) {
            put("a", "x");
        }
        release.countDown();

        assertThat(slow.awaitEnd()).isEqualTo(ErrorCode.COMPACTED);
        assertThat(slow.revisions())
                .isEqualTo(
                        LongStream.rangeClosed(1, slow.changes().size()).boxed().toList());
    }

    // ---- CS-7: sequences

    @Rule("CS-7")
    void appendsNumberTheirKeysFromOne() {
        CommitResult one = store.commit(
                Transaction.builder().append("log/", "a").append("log/", "b").build());
        CommitResult other =
                store.commit(Transaction.builder().append("events/", "c").build());
        CommitResult three =
                store.commit(Transaction.builder().append("log/", "d").build());

        assertThat(one.appendedKeys())
                .containsExactly(Transaction.sequenceKey("log/", 1), Transaction.sequenceKey("log/", 2));
        assertThat(other.appendedKeys()).containsExactly(Transaction.sequenceKey("events/", 1));
        assertThat(three.appendedKeys()).containsExactly(Transaction.sequenceKey("log/", 3));
        assertThat(store.list("log/").entries()).map(StoreEntry::value).containsExactly("a", "b", "d");
    }

    @Rule("CS-7")
    void aNumberIsNotUsedAgainAfterItsKeyWasDeleted() {
        String first = append("log/");
        store.commit(Transaction.builder().delete(first).build());

        assertThat(append("log/")).isEqualTo(Transaction.sequenceKey("log/", 2));
    }

    @Rule("CS-7")
    void anAppendNeverOverwrites() {
        put(Transaction.sequenceKey("log/", 1), "by hand");

        String key = append("log/");

        assertThat(store.list("log/").entries()).map(StoreEntry::value).containsExactly("by hand", "x");
        assertThat(key).isGreaterThan(Transaction.sequenceKey("log/", 1));
    }

    @Rule("CS-7")
    void numbersFollowTheOrderOfCommits() {
        List<CommitResult> results = onAllThreads(() -> IntStream.range(0, 30)
                        .mapToObj(i -> store.commit(
                                Transaction.builder().append("log/", "x").build()))
                        .toList())
                .stream()
                .flatMap(List::stream)
                .sorted(Comparator.comparingLong(CommitResult::revision))
                .toList();

        assertThat(results.stream().map(result -> result.appendedKeys().get(0)).toList())
                .isEqualTo(LongStream.rangeClosed(1, results.size())
                        .mapToObj(number -> Transaction.sequenceKey("log/", number))
                        .toList());
    }

    // ---- CS-8: repetition

    @Rule("CS-8")
    void aRepeatedTransactionAnswersAsTheFirstTimeAndDoesNothing() {
        Transaction once = Transaction.builder()
                .whenAbsent("a")
                .put("a", "1")
                .append("log/", "x")
                .build();
        CommitResult first = store.commit(once);
        put("a", "2");

        CommitResult again = store.commit(once);

        assertThat(first.committed()).isTrue();
        assertThat(again).isEqualTo(first);
        assertThat(store.get("a")).map(StoreEntry::value).contains("2");
        assertThat(keys("log/")).hasSize(1);
        assertThat(store.list("").revision()).isEqualTo(2);
    }

    @Rule("CS-8")
    void aRepeatedConflictStaysAConflict() {
        put("a", "1");
        Transaction refused =
                Transaction.builder().whenAbsent("a").put("b", "1").build();
        CommitResult first = store.commit(refused);
        store.commit(Transaction.builder().delete("a").build());

        assertThat(store.commit(refused)).isEqualTo(first);
        assertThat(store.get("b")).isEmpty();
    }

    @Rule("CS-8")
    void aTransactionThatManyThreadsRepeatHappensOnce() {
        Transaction once = Transaction.builder().append("log/", "x").build();

        Set<CommitResult> answers = new HashSet<>(onAllThreads(() -> store.commit(once)));

        assertThat(answers).hasSize(1);
        assertThat(keys("log/")).hasSize(1);
    }

    // ---- CS-9: durability

    @Rule({"CS-9", "CS-7", "CS-8"})
    void everythingIsThereAfterARestart() {
        assumeDurable();
        long created = put("a", "1");
        String deleted = append("log/");
        store.commit(Transaction.builder().delete(deleted).build());
        Transaction last =
                Transaction.builder().put("a", "2").append("log/", "y").build();
        CommitResult result = store.commit(last);
        StoreSnapshot before = store.list("");

        reopen();

        assertThat(store.list("")).isEqualTo(before);
        assertThat(store.get("a")).contains(new StoreEntry("a", "2", created, result.revision()));
        assertThat(store.commit(last)).isEqualTo(result);
        assertThat(append("log/")).isEqualTo(Transaction.sequenceKey("log/", 3));
        assertThat(store.list("").revision()).isEqualTo(before.revision() + 1);
    }

    @Rule({"CS-9", "CS-5"})
    void aWatchGoesOnFromItsRevisionAfterARestart() {
        assumeDurable();
        put("a", "1");
        long seen = put("a", "2");
        long missed = put("a", "3");

        reopen();
        var watcher = new RecordingWatcher(patience());
        store.watch("", seen, watcher);
        long next = put("a", "4");

        watcher.awaitRevision(next);
        assertThat(watcher.revisions()).containsExactly(missed, next);
    }

    @Rule("CS-9")
    void whatWasAcknowledgedSurvivesTheDeathOfTheProcess() throws Exception {
        assumeDurable();
        assumeTrue(factoryName().isPresent(), "no factory opens this store in another process");
        store.close();

        new SuddenDeath(factoryName().get(), dataDirectory, () -> openStore(dataDirectory)).run();

        store = openStore(dataDirectory);
    }

    private void assumeDurable() {
        assumeTrue(store.capabilities().contains(StoreCapability.DURABLE), "this store is not durable");
    }

    private void reopen() {
        store.close();
        store = openStore(dataDirectory);
    }

    // ---- CS-10: closing

    @Rule("CS-10")
    void aClosedStoreRefusesEverythingButClose() {
        store.close();

        for (Consistency consistency : Consistency.values()) {
            assertThatIllegalStateException().isThrownBy(() -> store.get("a", consistency));
            assertThatIllegalStateException().isThrownBy(() -> store.list("", consistency));
        }
        assertThatIllegalStateException().isThrownBy(() -> put("a", "1"));
        assertThatIllegalStateException().isThrownBy(() -> store.watch("", 0, new RecordingWatcher(patience())));
        assertThatCode(store::close).doesNotThrowAnyException();
    }

    @Rule("CS-10")
    void watchesHaveEndedWhenTheStoreIsClosed() {
        var idle = new RecordingWatcher(patience());
        var cancelled = new RecordingWatcher(patience());
        store.watch("", 0, idle);
        store.watch("", 0, cancelled).close();

        store.close();

        assertThat(idle.end()).contains(ErrorCode.SERVICE_UNAVAILABLE);
        assertThat(idle.isOrderly()).isTrue();
        assertThat(cancelled.end()).isEmpty();
    }

    // ---- helpers

    private long put(String key, String value) {
        CommitResult result = store.commit(Transaction.builder().put(key, value).build());
        assertThat(result.committed()).isTrue();
        return result.revision();
    }

    /** So many writes are in reach of a watch. */
    private int keptWrites() {
        return historyLimit() == 0 ? 100 : Math.min(100, historyLimit() / 2);
    }

    private String append(String prefix) {
        return store.commit(Transaction.builder().append(prefix, "x").build())
                .appendedKeys()
                .get(0);
    }

    private long increment(String key) {
        while (true) {
            StoreEntry before = store.get(key).orElseThrow();
            CommitResult result = store.commit(Transaction.builder()
                    .whenUnchanged(key, before.modRevision())
                    .put(key, Integer.toString(Integer.parseInt(before.value()) + 1))
                    .build());
            if (result.committed()) {
                return result.revision();
            }
        }
    }

    private List<String> keys(String prefix) {
        return store.list(prefix).entries().stream().map(StoreEntry::key).toList();
    }

    private static StoreEntry entry(String key, String value, long revision) {
        return new StoreEntry(key, value, revision, revision);
    }

    private static KeyChange set(String key, String value, long revision) {
        return new KeyChange(key, Optional.of(entry(key, value, revision)));
    }

    private <T> List<T> onAllThreads(Callable<T> task) {
        List<Future<T>> futures =
                IntStream.range(0, THREADS).mapToObj(i -> threads.submit(task)).toList();
        return futures.stream().map(ClusterStoreTck::get).toList();
    }

    private <T> T onAnotherThread(Callable<T> task) {
        return get(threads.submit(task));
    }

    private static <T> T get(Future<T> future) {
        try {
            return future.get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("a thread of the test failed", e);
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
