package dev.flynn.link.logs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.link.HostLink;
import dev.flynn.link.TestHosts;
import dev.flynn.logs.LocalAggregators.Opened;
import dev.flynn.logs.LogChunk;
import dev.flynn.logs.LogForwarder;
import dev.flynn.logs.LogMux;
import dev.flynn.logs.LogPosition;
import dev.flynn.logs.TestAggregator;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class LogForwardersTest {

    private static final AppId APP = AppId.random();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private TestHosts hosts;
    private HostLink a;
    private HostLink b;
    private LogMux mux;
    private LogMux there;
    private int written;

    @BeforeEach
    void open() {
        hosts = new TestHosts(directory);
        a = hosts.open(hosts.builder("a").build());
        mux = new LogMux(directory.resolve("log-a"));
        there = hosts.open(new LogMux(directory.resolve("log-b")));
        b = openB();
    }

    private HostLink openB() {
        HostLink link = hosts.builder("b").build();
        LogReceiver.serve(link, there.aggregators());
        return link;
    }

    @AfterEach
    void close() throws Exception {
        mux.close();
        b.close();
        hosts.close();
    }

    private LogForwarder forwarder() {
        return hosts.open(new LogForwarder(mux, new RemoteAggregators(a, "b", b.advertisedAddress()), "b"));
    }

    private void write(int lines) {
        for (int i = 0; i < lines; i++) {
            mux.accept(APP, line(String.valueOf(written++)));
        }
    }

    private static LogMessage line(String text) {
        return new LogMessage("a", "a-1", text, Optional.of("web"), "stdout", Instant.now());
    }

    private void awaitAll(TestAggregator aggregator) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(aggregator.lines(APP))
                        .isEqualTo(IntStream.range(0, written)
                                .mapToObj(String::valueOf)
                                .toList()));
    }

    @Test
    void linesOfBeforeAndOfAfterArriveOnceAndInOrder() {
        TestAggregator aggregator = hosts.open(new TestAggregator(there.aggregators()));
        write(2000);
        forwarder();
        write(2000);

        awaitAll(aggregator);
    }

    @Test
    void anAggregatorThatStartsAnewGetsEverythingFromAllHosts() {
        TestAggregator first = new TestAggregator(there.aggregators());
        forwarder();
        write(1000);
        awaitAll(first);
        first.close();
        write(1000);

        TestAggregator second = hosts.open(new TestAggregator(there.aggregators()));
        write(1000);
        awaitAll(second);
    }

    @Test
    void aSecondAggregatorGetsEverythingAndTheFirstNothingTwice() {
        TestAggregator first = hosts.open(new TestAggregator(there.aggregators()));
        forwarder();
        write(1000);
        awaitAll(first);

        TestAggregator second = hosts.open(new TestAggregator(there.aggregators()));
        write(10);
        awaitAll(second);
        awaitAll(first);
    }

    @Test
    void anAgentThatIsStartedAgainGoesOnWhereItWas() {
        TestAggregator aggregator = hosts.open(new TestAggregator(there.aggregators()));
        try (LogForwarder before = forwarder()) {
            write(1000);
            awaitAll(aggregator);
        }
        write(500);
        mux.close();
        mux = new LogMux(directory.resolve("log-a"));
        write(500);
        forwarder();

        awaitAll(aggregator);
    }

    @Test
    void linesWaitInFilesWhileTheOtherHostIsGone() throws Exception {
        TestAggregator aggregator = hosts.open(new TestAggregator(there.aggregators()));
        LogForwarder forwarder = forwarder();
        write(100);
        awaitAll(aggregator);
        b.close();
        write(5000);
        assertThat(mux.flush(APP, PATIENCE)).isTrue();
        forwarder.close();
        b = openB();
        forwarder();

        awaitAll(aggregator);
        assertThat(mux.dropped()).isZero();
    }

    @Test
    void aHostCannotSpeakForAnother() throws Exception {
        TestAggregator aggregator = hosts.open(new TestAggregator(there.aggregators()));
        forwarder();
        mux.accept(APP, new LogMessage("c", "c-1", "forged", Optional.of("web"), "stdout", Instant.now()));
        write(1);

        awaitAll(aggregator);
    }

    @Test
    void messagesAreReadAsTheyWereWritten() {
        var position = new LogPosition("2026-11-20T12:00:00.123456789Z 7", 1L << 40);
        var opened = new Opened(-5, Map.of(APP, position));
        assertThat(LogMessages.opened(LogMessages.opened(opened))).isEqualTo(opened);

        byte[] append = LogMessages.append(new LogMessages.Append(
                9, List.of(new LogChunk(APP, new byte[] {1, 2, 3}, position))));
        LogMessages.Append read = LogMessages.append(append);
        assertThat(read.generation()).isEqualTo(9);
        assertThat(read.chunks()).singleElement().satisfies(chunk -> {
            assertThat(chunk.frames()).containsExactly(1, 2, 3);
            assertThat(chunk.end()).isEqualTo(position);
        });
        for (long seed = 0; seed < 50; seed++) {
            byte[] damaged = Arrays.copyOf(append, new Random(seed).nextInt(append.length));
            assertThatThrownBy(() -> LogMessages.append(damaged))
                    .as("seed %d", seed)
                    .isInstanceOf(FlynnException.class);
        }
    }
}
