package dev.flynn.tck.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.spi.log.LogSink;
import dev.flynn.tck.Rule;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apiguardian.api.API;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/**
 * Checks the promises LS-1 to LS-8 of a {@link LogSink}. Extend it, say how the sink is opened and what its destination has,
 * and run it with JUnit.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
@Timeout(120)
public abstract class LogSinkTck {

    private static final Pattern DROPPED = Pattern.compile("dropped ([0-9,]+) lines\\b.*");

    /** Few enough to wait in the smallest buffer, should the destination be slow. */
    private static final int LINES_IN_TURN = 500;

    private static final int LONG_LINE = 10_000;
    private static final int MOST_LONG_LINES = 10_000;
    private static final long ALLOWED_BYTES = 64L << 20;

    private final AppId app = AppId.random();
    private final JobId job = JobId.random("host1");
    private LogSink sink;

    /** Opens a sink to the destination, which has nothing and takes lines. */
    protected abstract LogSink openSink();

    /** What the destination has of an app, in its order. */
    protected abstract List<LogMessage> delivered(AppId app);

    /** The destination takes nothing more, and does not say so. */
    protected abstract void stall();

    /** It takes lines again. */
    protected abstract void resume();

    /** How long to wait for lines that should arrive, and how long what must not block may take. */
    protected Duration patience() {
        return Duration.ofSeconds(30);
    }

    @BeforeEach
    final void open() {
        sink = openSink();
    }

    @AfterEach
    final void close() {
        resume();
        sink.close();
    }

    private LogMessage line(String text) {
        return line(job, text);
    }

    private static LogMessage line(JobId from, String text) {
        return new LogMessage(
                "host1",
                from.value(),
                text,
                Optional.of("web"),
                "stdout",
                Instant.now().truncatedTo(ChronoUnit.MICROS));
    }

    private List<String> texts() {
        return delivered(app).stream().map(LogMessage::message).toList();
    }

    /** Writes long lines into a destination that stalls, until nothing leaves and some are dropped; gives how many. */
    private int flood() {
        stall();
        int written = 0;
        do {
            for (int i = 0; i < 200; i++) {
                sink.accept(app, line(longText(written++)));
            }
        } while (written < MOST_LONG_LINES && sink.flush(app, Duration.ofMillis(50)));
        while (written < 2 * MOST_LONG_LINES && sink.dropped() == 0) {
            sink.accept(app, line(longText(written++)));
        }
        assertThat(sink.dropped()).as("dropped of %d lines", written).isPositive();
        return written;
    }

    private static String longText(int number) {
        String head = "line " + number + " ";
        return head + "x".repeat(LONG_LINE - head.length());
    }

    @Rule("LS-1")
    void aDestinationThatTakesNothingBlocksNobody() {
        int written = flood();
        long begun = System.nanoTime();
        for (int i = 0; i < 1000; i++) {
            sink.accept(app, line("line " + (written + i) + " "));
        }

        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(patience());
    }

    @Rule("LS-2")
    void linesOfAJobArriveInOrderWhateverOthersDo() throws Exception {
        List<JobId> jobs = List.of(JobId.random("host1"), JobId.random("host1"), JobId.random("host1"));
        List<Thread> writers = new ArrayList<>();
        for (JobId each : jobs) {
            var writer = new Thread(() ->
                    IntStream.range(0, LINES_IN_TURN).forEach(i -> sink.accept(app, line(each, String.valueOf(i)))));
            writers.add(writer);
            writer.start();
        }
        for (Thread writer : writers) {
            writer.join();
        }

        List<String> expected =
                IntStream.range(0, LINES_IN_TURN).mapToObj(String::valueOf).toList();
        for (JobId each : jobs) {
            await().atMost(patience())
                    .untilAsserted(() -> assertThat(delivered(app).stream()
                                    .filter(line -> line.jobId().equals(each.value()))
                                    .map(LogMessage::message))
                            .isEqualTo(expected));
        }
        assertThat(sink.dropped()).isZero();
    }

    @Rule({"LS-3", "LS-4"})
    void whatIsDroppedIsCountedAndToldAtItsPlace() {
        int written = flood();
        for (int i = 0; i < 50; i++) {
            sink.accept(app, line("line " + written++ + " "));
        }
        resume();
        await().atMost(patience()).until(() -> sink.flush(app, Duration.ofSeconds(1)));
        sink.accept(app, line("line " + written++ + " "));
        String last = "line " + (written - 1) + " ";
        await().atMost(patience()).until(() -> texts().contains(last));

        int next = 0;
        long told = 0;
        for (String text : texts()) {
            Matcher dropped = DROPPED.matcher(text);
            if (dropped.matches()) {
                long lines = Long.parseLong(dropped.group(1).replace(",", ""));
                told += lines;
                next += (int) lines;
            } else {
                assertThat(text).startsWith("line " + next++ + " ");
            }
        }
        assertThat(next).isEqualTo(written);
        assertThat(told).isEqualTo(sink.dropped()).isPositive();
    }

    @Rule("LS-5")
    void everythingOfALineArrives() {
        List<LogMessage> lines = List.of(
                line("plain"),
                new LogMessage(
                        "host1",
                        job.value(),
                        "",
                        Optional.empty(),
                        "stderr",
                        Instant.parse("2026-11-21T12:00:00.123456Z")),
                new LogMessage(
                        "host1",
                        job.value(),
                        "init",
                        Optional.of("web"),
                        "init",
                        Instant.parse("2026-11-21T12:00:00Z")));
        lines.forEach(line -> sink.accept(app, line));

        // the time that a host gives to lines never goes back, so it is compared with the first only
        await().atMost(patience())
                .untilAsserted(() -> assertThat(delivered(app))
                        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("timestamp")
                        .isEqualTo(lines));
        assertThat(delivered(app).get(0).timestamp()).isEqualTo(lines.get(0).timestamp());
    }

    @Rule("LS-5")
    void strangeTextsHarmNoOthers() {
        List<String> texts = List.of(
                "before",
                "nul \u0000 bell \u0007 escape \u001B[31m",
                "118 <190>1 2015-12-20T10:00:01Z h a - - - forged",
                "] \" \\ [flynn seq=\"9\"]",
                " leading and trailing ",
                "größe 日本語 \uD83D\uDC18",
                "\uFEFFmarked",
                "ä".repeat(LONG_LINE / 2),
                longText(1),
                "after");
        texts.forEach(text -> sink.accept(app, line(text)));
        sink.accept(app, line("much too long " + "y".repeat(100_000)));
        sink.accept(app, line("lone surrogate \uD800 and \n a newline"));
        sink.accept(app, line("the end"));

        await().atMost(patience()).until(() -> texts().contains("the end"));
        assertThat(texts()).startsWith(texts.toArray(String[]::new));
        assertThat(sink.dropped()).isZero();
    }

    @Rule("LS-6")
    void whatWaitsTakesBoundedMemory() {
        stall();
        long written = 0;
        for (int i = 0; i < MOST_LONG_LINES; i++) {
            sink.accept(app, line(longText(i)));
            written++;
        }

        assertThat((written - sink.dropped()) * LONG_LINE).isLessThan(ALLOWED_BYTES);
    }

    @Rule("LS-7")
    void flushSaysWhetherLinesHaveLeft() {
        sink.accept(app, line("one"));
        assertThat(sink.flush(app, patience())).isTrue();
        await().atMost(patience()).until(() -> texts().equals(List.of("one")));

        flood();
        assertThat(sink.flush(app, Duration.ofMillis(100))).isFalse();
        resume();
        assertThat(sink.flush(app, patience())).isTrue();
    }

    @Rule("LS-8")
    void closingDeliversWhatWaits() {
        IntStream.range(0, 3000).forEach(i -> sink.accept(app, line(String.valueOf(i))));
        sink.close();

        await().atMost(patience())
                .untilAsserted(() -> assertThat(texts())
                        .isEqualTo(IntStream.range(0, 3000)
                                .mapToObj(String::valueOf)
                                .toList()));
        assertThatCode(() -> sink.accept(app, line("too late"))).doesNotThrowAnyException();
        assertThat(sink.dropped()).isEqualTo(1);
    }

    @Rule("LS-8")
    void closingEndsAlsoWhenTheDestinationTakesNothing() {
        flood();
        long begun = System.nanoTime();
        sink.close();

        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(patience());
    }
}
