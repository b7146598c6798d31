package dev.flynn.logs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.id.AppId;
import dev.flynn.base.DiskReserve;
import dev.flynn.spi.component.Subscription;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LogMuxTest {

    private static final DiskReserve NO_RESERVE = new DiskReserve(Path.of("/"), 0);

    @TempDir
    Path directory;

    private final List<LogMux> opened = new ArrayList<>();

    @AfterEach
    void close() {
        opened.forEach(LogMux::close);
    }

    @Test
    void aLineIsInItsFileWithoutAnybodyClosing() {
        LogMux mux = open();
        mux.accept(Lines.APP, Lines.message("hello"));

        await().until(() -> kept(Lines.APP).equals(List.of("hello")));
        assertThat(file()).content().endsWith("[flynn seq=\"1\"] hello\n");
    }

    @Test
    void linesArriveInOrderAndOfEachAppInItsFile() {
        LogMux mux = open();
        AppId other = AppId.random();
        for (int i = 0; i < 3_000; i++) {
            mux.accept(i % 2 == 0 ? Lines.APP : other, Lines.message("line " + i));
        }
        mux.close();

        assertThat(kept(Lines.APP))
                .containsExactlyElementsOf(
                        IntStream.range(0, 1_500).mapToObj(i -> "line " + 2 * i).toList());
        assertThat(kept(other)).hasSize(1_500);
        assertThat(mux.dropped()).isZero();
    }

    @Test
    void whoSubscribesGetsWhatIsKeptAndThenEachNewLineOnce() throws Exception {
        LogMux mux = open();
        List<String> seen = new CopyOnWriteArrayList<>();
        var writer = new Thread(() ->
                IntStream.range(0, 3_000).forEach(i -> mux.accept(Lines.APP, Lines.message("line " + i))));
        writer.start();
        await().until(() -> !kept(Lines.APP).isEmpty());

        try (Subscription subscription =
                mux.subscribe(line -> seen.add(line.message().message()))) {
            writer.join();
            await().until(() -> seen.size() >= 3_000);
        }
        mux.accept(Lines.APP, Lines.message("after"));
        mux.close();

        assertThat(seen)
                .containsExactlyElementsOf(
                        IntStream.range(0, 3_000).mapToObj(i -> "line " + i).toList());
    }

    @Test
    void aNewStartServesTheOldLinesAndAddsToThem() {
        LogMux first = open();
        first.accept(Lines.APP, Lines.message("before"));
        first.close();

        LogMux second = open();
        second.accept(Lines.APP, Lines.message("after"));
        second.close();

        assertThat(kept(Lines.APP)).containsExactly("before", "after");
    }

    @Test
    void halfAFrameOfAKilledProcessIsCutOff() throws IOException {
        LogMux first = open();
        first.accept(Lines.APP, Lines.message("whole"));
        first.close();
        for (String torn : List.of("118 <190>1 2015-12-20T1", "11", "junk", "5 12345x", "00005 12345\n")) {
            Files.writeString(file(), torn, StandardOpenOption.APPEND);
            assertThat(kept(Lines.APP)).startsWith("whole");

            LogMux next = open();
            next.accept(Lines.APP, Lines.message("after " + torn));
            next.close();
        }

        assertThat(kept(Lines.APP))
                .containsExactly(
                        "whole",
                        "after 118 <190>1 2015-12-20T1",
                        "after 11",
                        "after junk",
                        "after 5 12345x",
                        "after 00005 12345\n");
    }

    @Test
    void nothingThatWasSeenInTheFileIsLostWhenTheProcessIsKilled() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Writer.class.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String last = "";
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (int i = 0; i < 300; i++) {
                String line = lines.readLine();
                assertThat(line).isNotNull();
                last = line;
            }
        } finally {
            process.destroyForcibly();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }

        LogMux again = open();
        List<String> seen = new CopyOnWriteArrayList<>();
        try (Subscription subscription =
                again.subscribe(line -> seen.add(line.message().message()))) {
            int killedAt = Integer.parseInt(last.substring("line ".length()));
            assertThat(seen)
                    .startsWith(IntStream.rangeClosed(0, killedAt)
                            .mapToObj(i -> "line " + i)
                            .toArray(String[]::new));
        }
    }

    /** The process that is killed: prints each line that a subscriber has, which is after it was written. */
    static final class Writer {
        public static void main(String[] arguments) {
            var mux = new LogMux(Path.of(arguments[0]));
            mux.subscribe(line -> {
                System.out.println(line.message().message());
                System.out.flush();
            });
            for (int i = 0; ; i++) {
                mux.accept(Lines.APP, Lines.message("line " + i));
                if (i % 10 == 0) {
                    LockSupport.parkNanos(1_000_000);
                }
            }
        }
    }

    @Test
    void aFullFileBecomesTheOldOneAndTheOldestLinesGo() throws IOException {
        LogMux mux = open(20_000, NO_RESERVE);
        for (int i = 0; i < 1_000; i++) {
            mux.accept(Lines.APP, Lines.message("line " + i));
            if (i % 50 == 0) {
                String last = "line " + i;
                await().until(() -> kept(Lines.APP).contains(last));
            }
        }
        mux.close();

        try (var files = Files.list(directory)) {
            assertThat(files.mapToLong(LogMuxTest::size).sum()).isBetween(20_000L, 40_000L);
        }
        List<String> kept = kept(Lines.APP);
        assertThat(kept).hasSizeBetween(100, 400).endsWith("line 999");
        assertThat(kept)
                .containsExactlyElementsOf(IntStream.range(1_000 - kept.size(), 1_000)
                        .mapToObj(i -> "line " + i)
                        .toList());
    }

    @Test
    void onlyTheNewestLinesAreReadFromBothFiles() throws IOException {
        try (LogFile file = file(Lines.APP, LogRotation.DEFAULTS.withMaxFileBytes(2_000))) {
            for (int i = 0; i < 20; i++) {
                byte[] frame = Lines.line(i).frame();
                file.append(Lines.line(i), frame, frame.length);
            }
            List<String> all = kept(Lines.APP);
            for (int count = 0; count <= all.size() + 2; count++) {
                List<String> newest = new ArrayList<>();
                try (Kept kept = file.kept()) {
                    kept.newest(
                            count, 1 << 20, line -> newest.add(line.message().message()));
                }

                assertThat(newest).isEqualTo(all.subList(Math.max(0, all.size() - count), all.size()));
            }
        }
    }

    @Test
    void whoCannotFollowLosesLinesWhichIsCountedAndSaidInTheLog() {
        LogMux mux = open();
        var release = new CountDownLatch(1);
        Subscription stuck = mux.subscribe(line -> waitFor(release));
        for (int i = 0; i < 30_000; i++) {
            mux.accept(Lines.APP, Lines.message("line " + i));
        }
        long dropped = mux.dropped();
        assertThat(dropped).isBetween(10_000L, 29_000L);

        release.countDown();
        stuck.close();
        mux.close();

        assertThat(file()).content().contains(String.format(Locale.ROOT, "dropped %,d lines here", dropped));
    }

    @Test
    void longLinesThatWaitTakeBoundedMemory() {
        LogMux mux = open();
        var release = new CountDownLatch(1);
        Subscription stuck = mux.subscribe(line -> waitFor(release));
        for (int i = 0; i < 3_000; i++) {
            mux.accept(Lines.APP, Lines.message("x".repeat(10_000)));
        }
        long dropped = mux.dropped();
        release.countDown();
        stuck.close();

        assertThat(dropped).isGreaterThan(1_500);
        await().untilAsserted(() -> {
            mux.accept(Lines.APP, Lines.message("short"));
            assertThat(kept(Lines.APP)).contains("short");
        });
    }

    private static void waitFor(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void onAFullDiskLinesAreHandedOnAndNotKept() {
        LogMux mux = open(1 << 20, new DiskReserve(directory, Long.MAX_VALUE));
        List<String> seen = new CopyOnWriteArrayList<>();
        mux.subscribe(line -> seen.add(line.message().message()));

        mux.accept(Lines.APP, Lines.message("hello"));

        await().until(() -> seen.equals(List.of("hello")));
        assertThat(mux.dropped()).isEqualTo(1);
        assertThat(file()).doesNotExist();
    }

    @Test
    void aFileThatSomebodyDeletedIsBegunAnew() throws IOException {
        LogMux mux = open();
        mux.accept(Lines.APP, Lines.message("gone"));
        assertThat(mux.flush(Lines.APP, Duration.ofSeconds(30))).isTrue();
        mux.sweep(Instant.now());
        Files.delete(file());
        mux.accept(Lines.APP, Lines.message("new"));
        assertThat(mux.flush(Lines.APP, Duration.ofSeconds(30))).isTrue();

        assertThat(kept(Lines.APP)).containsExactly("new");
    }

    @Test
    void filesOfOthersInTheDirectoryAreLeftAlone() throws IOException {
        Path foreign = Files.writeString(directory.resolve("host.log"), "not a frame");
        List<SyslogLine> seen = new ArrayList<>();

        open().subscribe(seen::add).close();

        assertThat(seen).isEmpty();
        assertThat(foreign).hasContent("not a frame");
    }

    private LogMux open() {
        return open(LogRotation.DEFAULTS.maxFileBytes(), NO_RESERVE);
    }

    private LogMux open(long maxFileBytes, DiskReserve reserve) {
        var mux = new LogMux(directory, LogRotation.DEFAULTS.withMaxFileBytes(maxFileBytes), reserve);
        opened.add(mux);
        return mux;
    }

    private Path file() {
        return directory.resolve(Lines.APP + ".log");
    }

    private LogFile file(AppId app, LogRotation rotation) throws IOException {
        return new LogFile(directory, app.toString(), rotation, gone -> {});
    }

    private static long size(Path file) {
        return file.toFile().length();
    }

    private List<String> kept(AppId app) {
        List<String> texts = new ArrayList<>();
        try {
            try (LogFile file = file(app, LogRotation.DEFAULTS);
                    Kept kept = file.kept()) {
                kept.read(line -> texts.add(line.message().message()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return texts;
    }
}
