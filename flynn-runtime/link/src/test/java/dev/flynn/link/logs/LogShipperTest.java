package dev.flynn.link.logs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.link.HostLink;
import dev.flynn.link.TestHosts;
import dev.flynn.spi.log.LogSink;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogShipperTest {

    private static final AppId APP = AppId.random();

    @TempDir
    Path directory;

    private TestHosts hosts;
    private HostLink a;
    private final Kept local = new Kept();
    private final Kept there = new Kept();
    private final AtomicReference<Optional<LogShipper.Target>> target = new AtomicReference<>(Optional.empty());

    /** Keeps lines in memory. */
    private static final class Kept implements LogSink {

        final List<String> lines = new CopyOnWriteArrayList<>();

        @Override
        public void accept(AppId app, LogMessage message) {
            lines.add(message.message());
        }

        @Override
        public long dropped() {
            return 0;
        }

        @Override
        public void close() {}
    }

    @BeforeEach
    void open() {
        hosts = new TestHosts(directory);
        a = hosts.open(hosts.builder("a").build());
    }

    @AfterEach
    void close() throws Exception {
        hosts.close();
    }

    private HostLink aggregator() {
        HostLink b = hosts.builder("b").build();
        LogReceiver.serve(b, there);
        target.set(Optional.of(new LogShipper.Target("b", b.advertisedAddress())));
        return b;
    }

    private static LogMessage line(String text) {
        return new LogMessage(
                "a", "a-1", text, Optional.of("web"), "stdout", Instant.parse("2026-11-20T12:00:00.123456789Z"));
    }

    private static List<String> numbers(int from, int to) {
        return IntStream.range(from, to).mapToObj(String::valueOf).toList();
    }

    @Test
    void linesArriveOnceAndInOrderAlsoWhenTheHostGoesAndComesBack() throws Exception {
        HostLink b = aggregator();
        LogShipper shipper = hosts.open(new LogShipper(a, local, target::get));
        for (int i = 0; i < 5000; i++) {
            shipper.accept(APP, line(String.valueOf(i)));
            if (i == 2500) {
                b.close();
                b = aggregator();
            }
        }
        await().atMost(30, TimeUnit.SECONDS).until(() -> there.lines.contains("4999"));
        assertThat(there.lines.stream().distinct().toList()).isEqualTo(numbers(0, 5000));
        assertThat(local.lines).isEqualTo(numbers(0, 5000));
        assertThat(shipper.dropped()).isZero();
        b.close();
    }

    @Test
    void aBatchThatComesAgainHasNoFurtherEffect() throws Exception {
        HostLink b = hosts.open(hosts.builder("b").build());
        LogReceiver.serve(b, there);
        for (LogBatch batch :
                List.of(batch(7, 1, "1", "2"), batch(7, 1, "1", "2"), batch(7, 2, "2", "3"), batch(8, 1, "4"))) {
            a.call(
                            "b",
                            b.advertisedAddress(),
                            LogBatch.SERVICE,
                            LogBatch.APPEND,
                            batch.toBytes(),
                            java.time.Duration.ofSeconds(20))
                    .get(20, TimeUnit.SECONDS);
        }
        assertThat(there.lines).containsExactly("1", "2", "3", "4");
    }

    private static LogBatch batch(long sender, long first, String... texts) {
        return new LogBatch(
                sender,
                first,
                java.util.Arrays.stream(texts)
                        .map(text -> new LogBatch.Line(APP, line(text)))
                        .toList());
    }

    @Test
    void whatDoesNotFitIsDroppedCountedAndReportedAtItsPlace() {
        LogShipper shipper = hosts.open(new LogShipper(a, local, target::get));
        for (int i = 0; i < LogShipper.MAX_LINES + 10; i++) {
            shipper.accept(APP, line(String.valueOf(i)));
        }
        assertThat(shipper.dropped()).isEqualTo(10);
        assertThat(local.lines).hasSize(LogShipper.MAX_LINES + 10);

        hosts.open(aggregator());
        await().atMost(30, TimeUnit.SECONDS).until(() -> there.lines.size() == LogShipper.MAX_LINES);
        shipper.accept(APP, line("after"));
        await().atMost(30, TimeUnit.SECONDS).until(() -> there.lines.contains("after"));
        assertThat(there.lines.subList(LogShipper.MAX_LINES, there.lines.size()))
                .hasSize(2)
                .first()
                .asString()
                .startsWith("10 lines are missing here");
    }

    @Test
    void closingSendsWhatWaits() {
        hosts.open(aggregator());
        var shipper = new LogShipper(a, local, target::get);
        numbers(0, 3000).forEach(number -> shipper.accept(APP, line(number)));
        shipper.close();

        assertThat(there.lines).isEqualTo(numbers(0, 3000));
    }

    @Test
    void aLineIsReadAsItWasWritten() {
        var line = new LogBatch.Line(APP, line("größe \u0000 \uD83D\uDE00"));
        var untyped = new LogBatch.Line(APP, new LogMessage("a", "a-1", "", Optional.empty(), "stderr", Instant.EPOCH));

        var batch = new LogBatch(-1, 5, List.of(line, untyped));
        assertThat(LogBatch.of(batch.toBytes())).isEqualTo(batch);
    }

    @Test
    void aDamagedBatchIsRefused() {
        byte[] whole = new LogBatch(1, 1, List.of(new LogBatch.Line(APP, line("x")))).toBytes();
        for (long seed = 0; seed < 50; seed++) {
            var random = new Random(seed);
            byte[] damaged = java.util.Arrays.copyOf(whole, random.nextInt(whole.length));
            assertThatThrownBy(() -> LogBatch.of(damaged)).as("seed %d", seed).isInstanceOf(FlynnException.class);
        }
    }
}
