package dev.flynn.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresClusterStoreTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ExecutorService threads = Executors.newCachedThreadPool();

    @TempDir
    Path directory;

    private PostgresConfig config;
    private PostgresClusterStore store;

    @BeforeEach
    void open() {
        config = TestDatabase.config(directory);
        store = PostgresClusterStore.open(config);
    }

    @AfterEach
    void close() throws InterruptedException {
        threads.shutdownNow();
        store.close();
        assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void twoProcessesShareOneStore() {
        var seen = new Recorder();
        try (var other = PostgresClusterStore.open(config)) {
            other.watch("", 0, seen);

            long first = put(store, "a", "1");
            long second = put(other, "a", "2");
            CommitResult stale = other.commit(Transaction.builder()
                    .whenUnchanged("a", first)
                    .put("a", "3")
                    .build());

            assertThat(second).isEqualTo(first + 1);
            assertThat(stale.committed()).isFalse();
            assertThat(store.get("a")).map(StoreEntry::value).contains("2");
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(seen.revisions()).containsExactly(first, second));
        }
    }

    @Test
    void whatOneProcessWritesIsSeenByTheNextLinearizableReadOfAnother() {
        try (var other = PostgresClusterStore.open(config)) {
            for (int i = 0; i < 50; i++) {
                long revision = put(store, "a", Integer.toString(i));

                assertThat(other.list("a").revision()).isEqualTo(revision);
                assertThat(other.get("a")).map(StoreEntry::value).contains(Integer.toString(i));
            }
        }
    }

    @Test
    void manyProcessesCommitWithoutAGap() throws Exception {
        int writes = 40;
        try (var second = PostgresClusterStore.open(config);
                var third = PostgresClusterStore.open(config)) {
            List<Long> revisions = onAll(
                    List.of(store, second, third, store, second, third),
                    each -> IntStream.range(0, writes)
                            .mapToObj(i -> each.commit(Transaction.builder()
                                            .append("log/", "x")
                                            .build())
                                    .revision())
                            .toList());

            assertThat(revisions)
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, 6L * writes).boxed().toList());
        }
    }

    @Test
    void cutConnectionsLoseNothingAndRepeatNothing() throws Exception {
        var seen = new Recorder();
        store.watch("log/", 0, seen);
        int writes = 60;
        Future<List<Long>> writers = threads.submit(() -> onAll(
                List.of(store, store, store),
                each -> IntStream.range(0, writes)
                        .mapToObj(i -> each.commit(Transaction.builder()
                                        .append("log/", "x")
                                        .build())
                                .revision())
                        .toList()));

        while (!writers.isDone()) {
            TestDatabase.cut(config, "commits");
            TestDatabase.cut(config, "reads");
            TestDatabase.cut(config, "watches");
            store.get("log/");
        }

        List<Long> all = LongStream.rangeClosed(1, 3L * writes).boxed().toList();
        assertThat(writers.get()).containsExactlyElementsOf(all);
        assertThat(store.list("log/").entries()).hasSize(3 * writes);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(seen.revisions()).containsExactlyElementsOf(all));
        assertThat(seen.end).isEmpty();
    }

    @Test
    void anAnswerThatIsAsLostAsItsConnectionIsFoundAgain() {
        Transaction once = Transaction.builder().append("log/", "x").build();
        CommitResult first = store.commit(once);

        try (var afterACrash = PostgresClusterStore.open(config)) {
            assertThat(afterACrash.commit(once)).isEqualTo(first);
        }
        assertThat(store.list("").revision()).isEqualTo(first.revision());
    }

    @Test
    void answersAreForgottenAfterTenMinutesAndNotBefore() {
        Transaction old = Transaction.builder().append("log/", "x").build();
        Transaction recent = Transaction.builder().append("log/", "y").build();
        store.commit(old);
        CommitResult kept = store.commit(recent);
        age(old, 12);
        age(recent, 9);

        // the first commit of a process cleans up
        try (var next = PostgresClusterStore.open(config)) {
            put(next, "a", "1");
            assertThat(next.commit(recent)).isEqualTo(kept);
            assertThat(next.commit(old).appendedKeys()).containsExactly(Transaction.sequenceKey("log/", 3));
        }
    }

    @Test
    void aProcessThatHoldsTheLockHoldsUpTheOthersForSecondsOnly() throws Exception {
        put(store, "a", "1");
        try (var held = new Session(config, "held")) {
            Future<FlynnException> refusal = held.transact(connection -> {
                Tables.lock(connection);
                Future<FlynnException> commit =
                        threads.submit(() -> catchThrowableOfType(FlynnException.class, () -> put(store, "a", "2")));
                assertThat(get(commit).code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
                // reads and watches need no lock
                assertThat(store.get("a")).map(StoreEntry::value).contains("1");
                return commit;
            });
            assertThat(refusal.get()).hasMessageContaining("does not answer");
        }
        put(store, "a", "3");
        assertThat(store.get("a")).map(StoreEntry::value).contains("3");
    }

    @Test
    void aDatabaseThatGoesBackInTimeEndsTheWatches() {
        var seen = new Recorder();
        put(store, "a", "1");
        put(store, "a", "2");
        store.watch("", 2, seen);
        TestDatabase.sql("UPDATE %1$s.store SET revision = 1; DELETE FROM %1$s.changes WHERE revision > 1;"
                .formatted(config.schema()));

        await().atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(seen.end).map(FlynnException::code).containsExactly(ErrorCode.COMPACTED));
        assertThat(store.list("").revision()).isEqualTo(1);
    }

    @Test
    void staleReadsGoOnWithoutTheDatabase() {
        put(store, "a", "1");
        TestDatabase.sql("ALTER TABLE %s.store RENAME TO gone".formatted(config.schema()));
        try {
            assertThat(store.get("a", Consistency.STALE)).map(StoreEntry::value).contains("1");
            assertThatThrownBy(() -> store.get("a", Consistency.LINEARIZABLE)).isInstanceOf(FlynnException.class);
        } finally {
            TestDatabase.sql("ALTER TABLE %s.gone RENAME TO store".formatted(config.schema()));
        }
        assertThat(store.get("a")).map(StoreEntry::value).contains("1");
    }

    @Test
    void aServerThatDoesNotAnswerIsUnavailableInTenSeconds() throws IOException {
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            var nobody =
                    new PostgresConfig("jdbc:postgresql://127.0.0.1:" + silent.getLocalPort() + "/x", "u", "secret");
            long begin = System.nanoTime();

            FlynnException failure =
                    catchThrowableOfType(FlynnException.class, () -> PostgresClusterStore.open(nobody));

            assertThat(failure.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
            assertThat(failure).hasMessageContaining("127.0.0.1").hasMessageNotContaining("secret");
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(15));
        }
    }

    @Test
    void aWrongDatabaseIsRefusedAtOnce() {
        var wrong = new PostgresConfig(config.url().replaceAll("/postgres\\?", "/nowhere?"), "postgres", "");

        FlynnException failure = catchThrowableOfType(FlynnException.class, () -> PostgresClusterStore.open(wrong));

        assertThat(failure.code()).isEqualTo(ErrorCode.UNKNOWN);
        assertThat(failure).hasMessageContaining("nowhere");
    }

    @Test
    void aStoreOfALaterVersionIsRefused() {
        TestDatabase.sql("UPDATE %s.store SET format = 2".formatted(config.schema()));

        assertThatThrownBy(() -> PostgresClusterStore.open(config))
                .hasMessageContaining("format 2")
                .hasMessageContaining("start the version that wrote it");
    }

    @Test
    void manyProcessesMayCreateTheSameStore() throws Exception {
        PostgresConfig fresh = config.withSchema(config.schema().substring(0, 20) + "_new");
        List<Future<PostgresClusterStore>> opening = IntStream.range(0, 5)
                .mapToObj(i -> threads.submit(() -> PostgresClusterStore.open(fresh)))
                .toList();

        for (Future<PostgresClusterStore> each : opening) {
            try (PostgresClusterStore opened = each.get(30, TimeUnit.SECONDS)) {
                put(opened, "a", "x");
            }
        }
    }

    @Test
    void aNulIsRefusedBeforeItReachesTheDatabase() {
        assertThatThrownBy(() -> put(store, "a", "x\0")).hasMessageContaining("NUL");
        assertThat(store.list("").revision()).isZero();
    }

    @Test
    void strangeTextsComeBackUnchanged() {
        List<String> keys = List.of("a'b\"c", "\\", "%_", "ü", "\uD83D\uDE00", "line\nbreak", "{a,b}", "NULL", " ");
        for (String key : keys) {
            put(store, key, key);
        }

        try (var other = PostgresClusterStore.open(config)) {
            assertThat(other.list("").entries())
                    .map(StoreEntry::key)
                    .containsExactlyElementsOf(keys.stream().sorted().toList());
            assertThat(other.list("").entries()).allMatch(entry -> entry.key().equals(entry.value()));
        }
    }

    private void age(Transaction transaction, int minutes) {
        TestDatabase.sql("UPDATE %s.answers SET at = clock_timestamp() - interval '%d minutes' WHERE id = '%s'"
                .formatted(config.schema(), minutes, transaction.id()));
    }

    private static long put(PostgresClusterStore store, String key, String value) {
        return store.commit(Transaction.builder().put(key, value).build()).revision();
    }

    private interface Task {
        List<Long> run(PostgresClusterStore store);
    }

    /** Runs the task on each store in a thread of its own; all results, sorted. */
    private List<Long> onAll(List<PostgresClusterStore> stores, Task task) throws Exception {
        List<Callable<List<Long>>> tasks = stores.stream()
                .map(each -> (Callable<List<Long>>) () -> task.run(each))
                .toList();
        return threads.invokeAll(tasks).stream()
                .flatMap(result -> get(result).stream())
                .sorted()
                .toList();
    }

    private static <T> T get(Future<T> future) {
        try {
            return future.get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("a thread of the test failed", e);
        }
    }

    private static final class Recorder implements StoreWatcher {

        private final List<Long> revisions = new CopyOnWriteArrayList<>();
        private final List<FlynnException> end = new CopyOnWriteArrayList<>();

        @Override
        public void onChange(StoreChange change) {
            revisions.add(change.revision());
        }

        @Override
        public void onEnd(FlynnException reason) {
            end.add(reason);
        }

        List<Long> revisions() {
            return List.copyOf(revisions);
        }
    }
}
