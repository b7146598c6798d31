package dev.flynn.logs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.id.AppId;
import dev.flynn.base.DiskReserve;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class LogForwarderTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Pattern DROPPED = Pattern.compile("dropped ([0-9,]+) lines here.*");

    @TempDir
    Path directory;

    private final Destination destination = new Destination();
    private LogRotation rotation = LogRotation.DEFAULTS;
    private LogMux mux;
    private LogForwarder forwarder;
    private int written;

    /** Keeps what it takes, and can be away. */
    private static final class Destination implements LogDestination {

        final List<String> lines = new CopyOnWriteArrayList<>();
        final Map<AppId, LogPosition> positions = new HashMap<>();
        private final Random random = new Random(7);
        volatile boolean away;
        volatile boolean newestOnly;
        volatile int failEvery = Integer.MAX_VALUE;
        private int calls;

        @Override
        public synchronized Start open() throws IOException {
            requireHere();
            return new Start(positions, newestOnly);
        }

        @Override
        public synchronized void send(List<LogChunk> chunks) throws IOException {
            requireHere();
            if (++calls % failEvery == 0) {
                throw new IOException("this one fails");
            }
            for (LogChunk chunk : chunks) {
                take(chunk.frames());
                positions.put(chunk.app(), chunk.end());
            }
            if (random.nextInt(failEvery) == 0) {
                throw new IOException("the answer is lost");
            }
        }

        private void requireHere() throws IOException {
            if (away) {
                throw new IOException("away");
            }
        }

        private void take(byte[] frames) {
            var parser = new LineParser();
            int start = 0;
            for (int end = Frames.end(frames, 0, frames.length);
                    end > 0;
                    end = Frames.end(frames, start, frames.length)) {
                lines.add(parser.parse(frames, Frames.message(frames, start), end - 1)
                        .orElseThrow()
                        .message()
                        .message());
                start = end;
            }
            assertThat(start).isEqualTo(frames.length);
        }

        @Override
        public void close() {}
    }

    private void open() {
        mux = new LogMux(directory, rotation, new DiskReserve(directory, 0));
        forwarder = new LogForwarder(mux, destination, "test");
    }

    @AfterEach
    void close() {
        forwarder.close();
        mux.close();
    }

    private void write(int lines) {
        for (int i = 0; i < lines; i++) {
            mux.accept(Lines.APP, Lines.message("line " + written++));
        }
        assertThat(mux.flush(Lines.APP, PATIENCE)).isTrue();
    }

    private static List<String> lines(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "line " + i).toList();
    }

    private void awaitLines(List<String> expected) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(destination.lines).isEqualTo(expected));
    }

    @Test
    void everyLineIsSentOnceThroughRestartsOfTheAgent() {
        open();
        for (int round = 0; round < 5; round++) {
            write(700);
            close();
            open();
        }
        write(10);

        awaitLines(lines(0, 3510));
    }

    @Test
    void filesThatArePutAsideMeanwhileAreReadToTheirEnd() {
        rotation = rotation.withMaxFileBytes(20_000).withOldFiles(1000);
        open();
        write(500);
        destination.away = true;
        write(5000);
        destination.away = false;
        write(500);

        awaitLines(lines(0, 6000));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void whatIsDeletedBeforeItWasSentIsCountedExactlyAtItsPlace(long seed) {
        var random = new Random(seed);
        rotation = rotation.withMaxFileBytes(10_000 + random.nextInt(20_000)).withOldFiles(1 + random.nextInt(2));
        open();
        write(100);
        awaitLines(lines(0, 100));
        destination.away = true;
        mux.accept(AppId.random(), Lines.message("it finds out"));
        write(1000 + random.nextInt(1000));
        destination.away = false;
        write(1);
        String last = "line " + (written - 1);
        await().atMost(PATIENCE).until(() -> destination.lines.contains(last));

        List<String> seen = new ArrayList<>(destination.lines);
        seen.remove("it finds out");
        int next = 0;
        int reports = 0;
        for (String line : seen) {
            Matcher dropped = DROPPED.matcher(line);
            if (dropped.matches()) {
                next += Integer.parseInt(dropped.group(1).replace(",", ""));
                reports++;
            } else {
                assertThat(line).isEqualTo("line " + next++);
            }
        }
        assertThat(next).isEqualTo(written);
        assertThat(reports).isBetween(1, 2);
    }

    @Test
    void aDestinationThatFailsInBetweenLosesNothing() {
        destination.failEvery = 3;
        open();
        for (int i = 0; i < 20; i++) {
            write(300);
        }

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(destination.lines).contains("line 5999"));
        assertThat(destination.lines).isEqualTo(lines(0, 6000));
    }

    @Test
    void whoWantsTheNewestOnlyGetsNoOlderOnes() {
        open();
        close();
        destination.newestOnly = true;
        destination.positions.clear();
        mux = new LogMux(directory, rotation, new DiskReserve(directory, 0));
        write(12_000);
        int before = destination.lines.size();
        forwarder = new LogForwarder(mux, destination, "test");
        write(100);

        await().atMost(PATIENCE).until(() -> destination.lines.contains("line 12099"));
        List<String> seen = destination.lines.subList(before, destination.lines.size());
        assertThat(seen).hasSizeBetween(AppBuffer.CAPACITY, AppBuffer.CAPACITY + 100);
        assertThat(seen).isEqualTo(lines(12_100 - seen.size(), 12_100));
    }

    @Test
    void aPositionThatNobodyKnowsMeansFromTheStart() {
        destination.positions.put(Lines.APP, new LogPosition("of another disk", 12));
        open();
        write(10);

        awaitLines(lines(0, 10));
    }

    @Test
    void aPositionBehindTheEndMeansTheWholeFileAgain() throws IOException {
        open();
        write(10);
        awaitLines(lines(0, 10));
        close();
        Path file = directory.resolve(Lines.APP + ".log");
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(whole, whole.length / 2)); // as after a loss of power
        open();
        write(1);

        await().atMost(PATIENCE).until(() -> destination.lines.contains("line 10"));
        assertThat(destination.lines).startsWith(lines(0, 10).toArray(String[]::new));
        assertThat(destination.lines.subList(10, destination.lines.size())).startsWith("line 0", "line 1");
    }

    @Test
    void halfAFrameIsNeverSent() throws IOException {
        open();
        write(3);
        close();
        Files.writeString(
                directory.resolve(Lines.APP + ".log"), "118 <190>1 2015-12", UTF_8, StandardOpenOption.APPEND);
        open();
        write(3);

        awaitLines(lines(0, 6));
    }

    @Test
    void aFileThatIsTooOldIsPutAsideAndOneThatNobodyWroteToDeleted() throws IOException {
        rotation = rotation.withMaxFileAge(Duration.ofHours(1)).withRetention(Duration.ofDays(1));
        open();
        mux.accept(Lines.APP, Lines.message("old", Lines.TIME));
        mux.accept(Lines.APP, Lines.message("of the same hour", Lines.TIME.plusSeconds(3600)));
        assertThat(mux.flush(Lines.APP, PATIENCE)).isTrue();
        assertThat(files()).hasSize(1);
        mux.accept(Lines.APP, Lines.message("new", Lines.TIME.plusSeconds(3602)));
        assertThat(mux.flush(Lines.APP, PATIENCE)).isTrue();

        assertThat(files()).hasSize(2);
        assertThat(mux.usage()).containsOnlyKeys(Lines.APP);
        mux.sweep(java.time.Instant.now());
        assertThat(files()).hasSize(2);
        mux.sweep(java.time.Instant.now().plus(Duration.ofDays(2)));
        assertThat(files()).isEmpty();
        mux.accept(Lines.APP, Lines.message("again"));
        assertThat(mux.flush(Lines.APP, PATIENCE)).isTrue();
        assertThat(files()).hasSize(1);
        mux.delete(Lines.APP);
        assertThat(files()).isEmpty();
    }

    private List<Path> files() throws IOException {
        try (var files = Files.list(directory)) {
            return files.toList();
        }
    }
}
