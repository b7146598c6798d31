package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.Transaction;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class RatisClusterStoreTest {

    private static final String LARGE = "x".repeat(Transaction.MAX_VALUE_BYTES);

    @TempDir
    Path directory;

    private final List<ClusterStore> opened = new ArrayList<>();

    @AfterEach
    void close() {
        opened.forEach(ClusterStore::close);
    }

    private ClusterStore open() {
        return open(RatisClusterStore.builder(directory));
    }

    private ClusterStore open(RatisClusterStore.Builder builder) {
        ClusterStore store = builder.build();
        opened.add(store);
        return store;
    }

    private static long put(ClusterStore store, String key, String value) {
        return store.commit(Transaction.builder().put(key, value).build()).revision();
    }

    // ---- its callers

    @Test
    void anInterruptedCallerLearnsThatAndHarmsNobody() {
        ClusterStore store = open();
        FlynnException refusal = null;

        for (int attempt = 0; attempt < 100 && refusal == null; attempt++) { // one that is done at once has not to wait
            Thread.currentThread().interrupt();
            refusal = catchThrowableOfType(FlynnException.class, () -> put(store, "a", "1"));
            assertThat(Thread.interrupted()).isTrue();
        }

        assertThat(refusal).isNotNull();
        assertThat(refusal.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
        assertThat(put(store, "b", "1")).isPositive();
    }

    @Test
    void itsThreadsDoNotJoinTheGroupOfACaller() throws Exception {
        ClusterStore store = open();
        var group = new ThreadGroup("a job");
        var task = new FutureTask<>(() -> {
            for (int i = 0; i < 50; i++) {
                put(store, "a", "x");
                store.get("a");
            }
            store.watch("", 0, change -> {});
            return group.activeCount();
        });
        new Thread(group, task, "job").start();

        assertThat(task.get(30, TimeUnit.SECONDS)).isEqualTo(1);
    }

    @Test
    void aCallThatWaitsWhenTheStoreIsClosedComesBack() throws Exception {
        ClusterStore store = open();
        List<FutureTask<Throwable>> writers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            var writer = new FutureTask<>(() -> {
                try {
                    while (true) {
                        put(store, "a", "x");
                    }
                } catch (FlynnException | IllegalStateException e) {
                    return (Throwable) e;
                }
            });
            writers.add(writer);
            new Thread(writer, "writer").start();
        }
        await().until(() -> store.list("", Consistency.STALE).revision() > 20);

        store.close();

        for (FutureTask<Throwable> writer : writers) {
            assertThat(writer.get(15, TimeUnit.SECONDS)).isNotNull();
        }
    }

    // ---- sizes

    @Test
    void theLargestTransactionIsThereAfterARestart() {
        ClusterStore store = open();
        store.commit(Transaction.builder()
                .put("1", LARGE)
                .put("2", LARGE)
                .put("3", LARGE)
                .append("log/", LARGE)
                .build());
        store.close();

        assertThat(open().list("").entries())
                .hasSize(4)
                .allMatch(entry -> entry.value().equals(LARGE));
    }

    @Test
    void aTransactionThatIsTooLargeWithItsKeysIsRefusedAndHarmsNobody() {
        Transaction.Builder large = Transaction.builder();
        for (int i = 0; i < 1000; i++) {
            large.put("%s%04d".formatted("k".repeat(1000), i), "x".repeat(4000));
        }
        ClusterStore store = open();

        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> store.commit(large.build()))
                .matches(e -> e.code() == ErrorCode.VALIDATION)
                .withMessageContaining("split it");
        assertThat(put(store, "a", "1")).isEqualTo(1);
    }

    // ---- snapshots and the log

    @Test
    void snapshotsReplaceTheLogAndEverythingIsThereAfterARestart() throws IOException {
        ClusterStore store = open(RatisClusterStore.builder(directory).snapshotEvery(50));
        for (int i = 0; i < 330; i++) {
            store.commit(Transaction.builder()
                    .put("key" + i % 20, "value" + i)
                    .append("log/", "x".repeat(100))
                    .build());
        }
        StoreSnapshot before = store.list("");
        assertThat(names("snapshot.*"))
                .filteredOn(name -> !name.endsWith(".md5"))
                .hasSizeBetween(1, 2);
        store.close();

        ClusterStore reopened = open();

        assertThat(reopened.list("")).isEqualTo(before);
        List<Long> revisions = new CopyOnWriteArrayList<>();
        reopened.watch("", 100, change -> revisions.add(change.revision()));
        long next = put(reopened, "a", "1");
        await().until(() -> revisions.contains(next));
        assertThat(revisions)
                .isEqualTo(LongStream.rangeClosed(101, next).boxed().toList());
    }

    @Test
    void aLogOfLargeValuesIsReplacedByASnapshotToo() throws IOException {
        ClusterStore store = open();
        for (int i = 0; i < 40; i++) {
            put(store, "a", i + LARGE.substring(10));
        }

        await().atMost(30, TimeUnit.SECONDS).until(() -> !names("snapshot.*").isEmpty());
        await().atMost(30, TimeUnit.SECONDS)
                .untilAsserted(() -> assertThat(sizeOf("log_*")).isLessThan(24L << 20));
    }

    // ---- the directory

    @Test
    void aDirectoryBelongsToOneStoreAtATime() {
        open();

        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(this::open)
                .matches(e -> e.code() == ErrorCode.CONFLICT)
                .withMessageContaining(directory.toString())
                .withMessageContaining("process " + ProcessHandle.current().pid());
    }

    @Test
    void aDirectoryOfSomethingElseIsLeftAlone() throws IOException {
        Files.writeString(directory.resolve("thesis.tex"), "years of work");

        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(this::open)
                .matches(e -> e.code() == ErrorCode.VALIDATION)
                .withMessageContaining("thesis.tex");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void aDirectoryOfAVersionThatKnewOnlyOnePeerOpens() throws IOException {
        ClusterStore store = open();
        put(store, "a", "1");
        store.close();
        Path identity = directory.resolve("store.properties");
        Files.write(
                identity,
                Files.readAllLines(identity).stream()
                        .filter(line ->
                                line.startsWith("format=") || line.startsWith("group=") || line.startsWith("peer="))
                        .toList());

        assertThat(open().get("a")).map(StoreEntry::value).contains("1");
    }

    @Test
    void aDirectoryFromTheFutureIsRefused() throws IOException {
        open().close();
        Path identity = directory.resolve("store.properties");
        Files.writeString(identity, Files.readString(identity).replace("format=1", "format=2"));

        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(this::open)
                .matches(e -> e.code() == ErrorCode.VALIDATION)
                .withMessageContaining("format 2");
    }

    @Test
    void aDamagedSnapshotIsNamedAndNothingIsLost() throws IOException {
        ClusterStore store = open();
        put(store, "a", "1");
        store.close();
        Path snapshot = only(files("snapshot.*"));
        byte[] bytes = Files.readAllBytes(snapshot);
        byte[] damaged = bytes.clone();
        damaged[20] ^= 1;
        Files.write(snapshot, damaged);

        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(this::open)
                .matches(e -> e.code() == ErrorCode.UNKNOWN)
                .withMessageContaining(snapshot.toString());

        Files.write(snapshot, bytes);
        assertThat(open().get("a")).map(StoreEntry::value).contains("1");
    }

    @Test
    void aMissingSnapshotIsNoticedOnceTheLogWasCut() throws IOException {
        for (String value : List.of("1", "2", "3")) {
            ClusterStore store = open();
            put(store, "a", value);
            store.close();
        }
        for (Path snapshot : files("snapshot.*")) {
            Files.delete(snapshot);
        }

        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(this::open)
                .withMessageContaining("a snapshot is missing in " + directory);
    }

    @Test
    void aDamagedLogIsNamedAndNothingIsLost() throws IOException {
        Path copy = crashedCopy(20);
        Path segment = only(files(copy, "log_inprogress_*"));
        byte[] bytes = Files.readAllBytes(segment);
        byte[] damaged = bytes.clone();
        damaged[indexOf(bytes, "value7")] ^= 1;
        Files.write(segment, damaged);

        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> open(RatisClusterStore.builder(copy)))
                .matches(e -> e.code() == ErrorCode.UNKNOWN)
                .withMessageContaining(segment.toString());

        Files.write(segment, bytes);
        assertThat(open(RatisClusterStore.builder(copy)).list("").entries()).hasSize(20);
    }

    @Test
    void aLastEntryThatWasNeverFinishedIsForgotten() throws IOException {
        Path copy = crashedCopy(20);
        Path segment = only(files(copy, "log_inprogress_*"));
        byte[] bytes = Files.readAllBytes(segment);
        int torn = (indexOf(bytes, "value19") / 512 - 1) * 512;
        Arrays.fill(bytes, torn, bytes.length, (byte) 0);
        Files.write(segment, bytes);

        ClusterStore store = open(RatisClusterStore.builder(copy));

        List<StoreEntry> entries = store.list("").entries();
        assertThat(entries).hasSizeBetween(10, 19);
        assertThat(put(store, "next", "1")).isEqualTo(entries.size() + 1);
        store.close();
        assertThat(open(RatisClusterStore.builder(copy)).list("").entries()).hasSize(entries.size() + 1);
    }

    /** What a machine has on its disk that died after so many transactions. */
    private Path crashedCopy(int transactions) throws IOException {
        ClusterStore store = open();
        for (int i = 0; i < transactions; i++) {
            put(store, "key" + i, "x".repeat(200) + "value" + i);
        }
        Path copy = directory.resolveSibling(directory.getFileName() + "-copy");
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(directory.relativize(file).toString()));
            }
        }
        store.close();
        return copy;
    }

    // ---- a disk without room

    @Test
    void aDiskWithoutRoomRefusesChangesAndAnswersReads() {
        ClusterStore store = open();
        put(store, "a", "1");
        store.close();

        ClusterStore full = open(RatisClusterStore.builder(directory).diskReserveBytes(Long.MAX_VALUE));

        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> put(full, "a", "2"))
                .matches(e -> e.code() == ErrorCode.SERVICE_UNAVAILABLE)
                .matches(FlynnException::retry)
                .withMessageContaining("free some space");
        assertThat(full.get("a")).map(StoreEntry::value).contains("1");
    }

    // ---- helpers

    private static int indexOf(byte[] bytes, String text) {
        return new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text);
    }

    private static Path only(List<Path> files) {
        assertThat(files).hasSize(1);
        return files.get(0);
    }

    private List<Path> files(String glob) throws IOException {
        return files(directory, glob);
    }

    private static List<Path> files(Path root, String glob) throws IOException {
        var matcher = root.getFileSystem().getPathMatcher("glob:" + glob);
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> matcher.matches(file.getFileName())).toList();
        }
    }

    private Set<String> names(String glob) throws IOException {
        return files(glob).stream().map(file -> file.getFileName().toString()).collect(Collectors.toSet());
    }

    private long sizeOf(String glob) throws IOException {
        long size = 0;
        for (Path file : files(glob)) {
            size += Files.size(file);
        }
        return size;
    }
}
