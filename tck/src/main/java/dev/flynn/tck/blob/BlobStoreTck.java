package dev.flynn.tck.blob;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.blob.BlobStore;
import dev.flynn.spi.blob.BlobStore.Blob;
import dev.flynn.spi.blob.BlobStore.BlobInfo;
import dev.flynn.tck.Rule;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apiguardian.api.API;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checks the promises BS-1 to BS-7 of a {@link BlobStore}. Extend it, say how the store is opened, and run it with JUnit. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
@Timeout(120)
public abstract class BlobStoreTck {

    private static final String TYPE = "application/gzip";

    /** Larger by far than what reading or writing it may take. */
    private static final long LARGE_BYTES = 64L << 20;

    private static final long ALLOWED_BYTES = 16L << 20;

    @TempDir
    Path dataDirectory;

    private final List<BlobStore> opened = new ArrayList<>();
    private BlobStore store;
    private ExecutorService threads;

    /** Opens the store; the same directory means the same objects. */
    protected abstract BlobStore openStore(Path dataDirectory);

    @BeforeEach
    final void open() {
        threads = Executors.newCachedThreadPool();
        store = openStore(dataDirectory);
        opened.add(store);
    }

    @AfterEach
    final void close() throws InterruptedException {
        threads.shutdownNow();
        assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        opened.forEach(BlobStore::close);
    }

    // ---- BS-1: a put is atomic

    @Rule("BS-1")
    void aPutThatFailsLeavesTheOldContent() throws IOException {
        BlobInfo before = put("slug.tgz", "old");

        assertThatIOException()
                .isThrownBy(() -> store.put("slug.tgz", "text/plain", failingAfter("half of the new".getBytes(UTF_8))));

        assertThat(content("slug.tgz")).isEqualTo("old");
        assertThat(store.info("slug.tgz")).contains(before);
    }

    @Rule("BS-1")
    void aPutThatFailsCreatesNothing() throws IOException {
        assertThatIOException().isThrownBy(() -> store.put("slug.tgz", TYPE, failingAfter(new byte[300_000])));

        assertThat(store.info("slug.tgz")).isEmpty();
        assertThat(store.open("slug.tgz")).isEmpty();
        assertThat(store.keys("")).isEmpty();
    }

    @Rule("BS-1")
    void readersSeeOneContentOrTheOtherWhileItIsReplaced() throws Exception {
        put("slug.tgz", version(0));
        var done = new AtomicBoolean();
        List<Future<?>> readers = IntStream.range(0, 4)
                .mapToObj(reader -> threads.submit(() -> {
                    while (!done.get()) {
                        assertIsOneVersion();
                    }
                    return null;
                }))
                .collect(Collectors.toList());
        for (int version = 1; version <= 60; version++) {
            put("slug.tgz", version(version));
        }
        done.set(true);
        for (Future<?> reader : readers) {
            reader.get(30, TimeUnit.SECONDS);
        }
    }

    private void assertIsOneVersion() throws IOException {
        try (Blob blob = store.open("slug.tgz").orElseThrow()) {
            byte[] bytes = blob.content(0).readAllBytes();
            assertThat(new String(bytes, UTF_8)).isEqualTo(version(bytes[0] - ' '));
            assertThat(blob.info().size()).isEqualTo(bytes.length);
        }
    }

    /** A text of one letter, whose length depends on it. */
    private static String version(int number) {
        return String.valueOf((char) (' ' + number)).repeat(20_000 + number * 1_000);
    }

    // ---- BS-2: a put that returned is durable

    @Rule("BS-2")
    void whatWasPutIsThereWhenTheStoreIsOpenedAgain() throws IOException {
        BlobInfo info = put("slug.tgz", "content");
        store.close();

        openAgain();

        assertThat(content("slug.tgz")).isEqualTo("content");
        assertThat(store.info("slug.tgz")).contains(info);
    }

    @Rule("BS-2")
    void whatWasPutIsThereAlthoughTheStoreWasNeverClosed() throws IOException {
        BlobInfo info = put("slug.tgz", "content");
        put("gone", "content");
        store.delete("gone");

        openAgain();

        assertThat(store.info("slug.tgz")).contains(info);
        assertThat(store.keys("")).containsExactly("slug.tgz");
    }

    private void openAgain() {
        store = openStore(dataDirectory);
        opened.add(store);
    }

    // ---- BS-3: a reader keeps what it began with

    @Rule("BS-3")
    void aReaderThatHasBegunKeepsTheOldContent() throws IOException {
        String old = "old ".repeat(100_000);
        put("slug.tgz", old);
        try (Blob blob = store.open("slug.tgz").orElseThrow()) {
            InputStream in = blob.content(0);
            String begin = new String(in.readNBytes(10), UTF_8);
            put("slug.tgz", "new");

            assertThat(begin + new String(in.readAllBytes(), UTF_8)).isEqualTo(old);
        }
        assertThat(content("slug.tgz")).isEqualTo("new");
    }

    @Rule("BS-3")
    void aReaderThatHasOnlyOpenedKeepsTheOldContentAfterADelete() throws IOException {
        put("slug.tgz", "old");
        try (Blob blob = store.open("slug.tgz").orElseThrow()) {
            store.delete("slug.tgz");

            assertThat(new String(blob.content(0).readAllBytes(), UTF_8)).isEqualTo("old");
        }
        assertThat(store.open("slug.tgz")).isEmpty();
    }

    // ---- BS-4: bounded memory

    @Rule("BS-4")
    void writingALargeObjectTakesLittleMemory() throws IOException {
        long allocated = allocatedBy(() -> store.put("large", TYPE, zeros(LARGE_BYTES)));

        assertThat(store.info("large").orElseThrow().size()).isEqualTo(LARGE_BYTES);
        assertThat(allocated).isLessThan(ALLOWED_BYTES);
    }

    @Rule("BS-4")
    void readingALargeObjectTakesLittleMemory() throws IOException {
        store.put("large", TYPE, zeros(LARGE_BYTES));

        long allocated = allocatedBy(() -> {
            try (Blob blob = store.open("large").orElseThrow()) {
                InputStream in = blob.content(0);
                byte[] buffer = new byte[8192];
                long size = 0;
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    size += count;
                }
                assertThat(size).isEqualTo(LARGE_BYTES);
                return size;
            }
        });

        assertThat(allocated).isLessThan(ALLOWED_BYTES);
    }

    /** What the current thread allocates, which unlike the heap's use does not depend on collections. */
    private static long allocatedBy(Callable<?> action) {
        var bean = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        long before = bean.getThreadAllocatedBytes(thread);
        assertThatCode(action::call).doesNotThrowAnyException();
        return bean.getThreadAllocatedBytes(thread) - before;
    }

    // ---- BS-5: deleting

    @Rule("BS-5")
    void deletingWhatIsNotThereIsFine() {
        assertThatCode(() -> store.delete("never/was")).doesNotThrowAnyException();
    }

    @Rule("BS-5")
    void whatWasDeletedIsGoneAndMayBeDeletedAgain() throws IOException {
        put("foo", "1");
        put("foo.txt", "2");
        put("foo/bar", "3");

        store.delete("foo");
        store.delete("foo");

        assertThat(store.info("foo")).isEmpty();
        assertThat(store.open("foo")).isEmpty();
        assertThat(store.keys("")).containsExactly("foo.txt", "foo/bar");
    }

    // ---- BS-6: keys

    @Rule("BS-6")
    void aKeyThatWouldLeaveTheStoreIsRefused() {
        for (String key : List.of("..", "../secret", "a/../../secret", "a/..", "/etc/passwd", "", "k".repeat(1025))) {
            assertInvalid(() -> store.put(key, TYPE, bytes("x")));
            assertInvalid(() -> store.info(key));
            assertInvalid(() -> store.open(key));
            assertInvalid(() -> store.delete(key));
        }
    }

    @Rule("BS-6")
    void unusualKeysAreKeys() throws IOException {
        List<String> keys =
                List.of("a", "A", "a..b", "repos/9b2d.tar", "grün und weiß", "%2e%2e", "-x", "k".repeat(1024));
        for (String key : keys) {
            put(key, key);
        }
        for (String key : keys) {
            assertThat(content(key)).isEqualTo(key);
        }
        assertThat(store.keys(""))
                .containsExactlyElementsOf(keys.stream().sorted().toList());
    }

    private static void assertInvalid(ThrowingCallable call) {
        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(call)
                .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.VALIDATION));
    }

    // ---- BS-7: what was put is what is read

    @Rule("BS-7")
    void whatWasPutIsWhatIsRead() throws IOException {
        byte[] bytes = new byte[200_003];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 31 + i / 251);
        }
        Instant before = Instant.now().minus(Duration.ofSeconds(2));
        BlobInfo info = store.put("dir/slug.tgz", TYPE, new ByteArrayInputStream(bytes));

        assertThat(info.key()).isEqualTo("dir/slug.tgz");
        assertThat(info.size()).isEqualTo(bytes.length);
        assertThat(info.contentType()).isEqualTo(TYPE);
        assertThat(info.etag()).isNotEmpty();
        assertThat(info.modifiedAt()).isBetween(before, Instant.now().plusSeconds(2));
        assertThat(store.info("dir/slug.tgz")).contains(info);
        for (int offset : new int[] {0, 1, 65_535, 65_536, bytes.length - 1, bytes.length}) {
            try (Blob blob = store.open("dir/slug.tgz").orElseThrow()) {
                assertThat(blob.info()).isEqualTo(info);
                assertThat(blob.content(offset).readAllBytes())
                        .isEqualTo(Arrays.copyOfRange(bytes, offset, bytes.length));
            }
        }
    }

    @Rule("BS-7")
    void anEmptyObjectIsAnObject() throws IOException {
        put("empty", "");

        assertThat(store.info("empty").orElseThrow().size()).isZero();
        assertThat(content("empty")).isEmpty();
    }

    @Rule("BS-7")
    void aReplacedObjectHasTheNewContentLengthTypeAndEtag() throws IOException {
        BlobInfo old = put("slug.tgz", "old");
        BlobInfo replaced = store.put("slug.tgz", "text/plain", bytes("replaced"));

        assertThat(replaced.size()).isEqualTo(8);
        assertThat(replaced.contentType()).isEqualTo("text/plain");
        assertThat(replaced.etag()).isNotEqualTo(old.etag());
        assertThat(store.info("slug.tgz")).contains(replaced);
        assertThat(content("slug.tgz")).isEqualTo("replaced");
    }

    @Rule("BS-7")
    void manyWritersDoNotDisturbEachOther() throws Exception {
        List<Future<?>> writers = IntStream.range(0, 5)
                .mapToObj(writer -> threads.submit(() -> {
                    for (int i = 0; i < 20; i++) {
                        String key = "nested/%d/%d".formatted(writer, i);
                        put(key, key);
                        assertThat(content(key)).isEqualTo(key);
                    }
                    return null;
                }))
                .collect(Collectors.toList());
        for (Future<?> writer : writers) {
            writer.get(60, TimeUnit.SECONDS);
        }
        assertThat(store.keys("nested/")).hasSize(100);
    }

    @Rule("BS-7")
    void keysAreListedByPrefixAndSorted() throws IOException {
        for (String key : List.of("repos/b.tar", "repos/a.tar", "repo", "slug.tgz")) {
            put(key, "x");
        }

        assertThat(store.keys("repos/")).containsExactly("repos/a.tar", "repos/b.tar");
        assertThat(store.keys("repo")).containsExactly("repo", "repos/a.tar", "repos/b.tar");
        assertThat(store.keys("none")).isEmpty();
    }

    // ---- helpers

    private BlobInfo put(String key, String content) throws IOException {
        return store.put(key, TYPE, bytes(content));
    }

    private String content(String key) throws IOException {
        try (Blob blob = store.open(key).orElseThrow()) {
            return new String(blob.content(0).readAllBytes(), UTF_8);
        }
    }

    private static InputStream bytes(String content) {
        return new ByteArrayInputStream(content.getBytes(UTF_8));
    }

    private static InputStream failingAfter(byte[] begin) {
        return new SequenceInputStream(new ByteArrayInputStream(begin), new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("the uploader went away");
            }
        });
    }

    private static InputStream zeros(long size) {
        return new InputStream() {
            private long left = size;

            @Override
            public int read() {
                return left-- > 0 ? 0 : -1;
            }

            @Override
            public int read(byte[] buffer, int offset, int length) {
                if (left <= 0) {
                    return -1;
                }
                int count = (int) Math.min(length, left);
                Arrays.fill(buffer, offset, offset + count, (byte) 0);
                left -= count;
                return count;
            }
        };
    }
}
