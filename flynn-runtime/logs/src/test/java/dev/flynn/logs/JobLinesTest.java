package dev.flynn.logs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.log.LogMessage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class JobLinesTest {

    @TempDir
    Path directory;

    private final AppId app = AppId.random();
    private final JobId job = JobId.random("host1");

    @Test
    void deliversWhatWasAcceptedBeforeAndAfterWithoutAGapOrARepetition() throws Exception {
        try (var mux = new LogMux(directory)) {
            write(mux, job, 0, 500);
            write(mux, JobId.random("host1"), 0, 10);
            List<String> seen = new ArrayList<>();
            try (JobLines lines = mux.lines(app, job)) {
                write(mux, job, 500, 1000);
                lines.history(line -> seen.add(line.message()));
                write(mux, job, 1000, 1200);
                lines.finish();
                readAll(lines, seen);
            }
            assertThat(seen).isEqualTo(numbers(0, 1200));
        }
    }

    @Test
    void endsWithWhatWasWrittenUntilThen() throws Exception {
        try (var mux = new LogMux(directory)) {
            write(mux, job, 0, 3);
            try (JobLines lines = mux.lines(app, job)) {
                lines.finish();
                List<String> seen = new ArrayList<>();
                lines.history(line -> seen.add(line.message()));
                readAll(lines, seen);
                assertThat(seen).isEqualTo(numbers(0, 3));
            }
        }
    }

    @Test
    void readsWhatAnEarlierProcessWroteAndWhatIsInTheFullFile() throws Exception {
        try (var mux = new LogMux(directory, LogRotation.DEFAULTS.withMaxFileBytes(20_000))) {
            write(mux, job, 0, 100);
        }
        try (var mux = new LogMux(directory, LogRotation.DEFAULTS.withMaxFileBytes(20_000));
                JobLines lines = mux.lines(app, job)) {
            write(mux, job, 100, 150); // makes the file the old one while it is read
            lines.finish();
            List<String> seen = new ArrayList<>();
            lines.history(line -> seen.add(line.message()));
            readAll(lines, seen);
            assertThat(seen).isEqualTo(numbers(0, 150));
        }
    }

    @Test
    void whoReadsTooSlowlyReadsHowManyLinesAreMissing() throws Exception {
        try (var mux = new LogMux(directory);
                JobLines lines = mux.lines(app, job)) {
            for (int from = 0; from < 15_000; from += 1000) {
                write(mux, job, from, from + 1000);
                var written = new java.util.concurrent.CountDownLatch(1);
                mux.whenWritten(app, written::countDown);
                written.await();
            }
            lines.finish();
            List<String> seen = new ArrayList<>();
            readAll(lines, seen);
            assertThat(seen)
                    .hasSize(10_001)
                    .last()
                    .isEqualTo("5000 lines are missing here, because they were not read fast enough");
        }
    }

    @Test
    void aReaderThatWaitsIsToldOfTheEndWhenTheMuxCloses() throws Exception {
        var mux = new LogMux(directory);
        try (JobLines lines = mux.lines(app, job)) {
            mux.close();
            lines.finish();
            assertThat(lines.next()).isEmpty();
        }
    }

    private static void readAll(JobLines lines, List<String> seen) throws InterruptedException {
        for (Optional<LogMessage> line = lines.next(); line.isPresent(); line = lines.next()) {
            seen.add(line.get().message());
        }
    }

    private void write(LogMux mux, JobId from, int first, int end) throws IOException {
        numbers(first, end)
                .forEach(text -> mux.accept(
                        app, new LogMessage("host1", from.value(), text, Optional.of("web"), "stdout", Instant.EPOCH)));
    }

    private static List<String> numbers(int first, int end) {
        List<String> numbers = new ArrayList<>();
        for (int i = first; i < end; i++) {
            numbers.add("line " + i);
        }
        return numbers;
    }
}
