package dev.flynn.link;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StreamsTest {

    @TempDir
    Path directory;

    private TestHosts hosts;
    private HostLink a;

    @BeforeEach
    void open() {
        hosts = new TestHosts(directory);
        a = hosts.open(hosts.builder("a").build());
    }

    @AfterEach
    void close() throws Exception {
        hosts.close();
    }

    private HostLink serving(StreamHandler handler) {
        return hosts.open(hosts.builder("b").streams("test", handler).build());
    }

    private LinkStream open(HostLink b, StreamListener listener) {
        return a.openStream("b", b.advertisedAddress(), "test", "m", "argument".getBytes(UTF_8), listener);
    }

    /** Keeps what it hears. */
    private static class Heard implements StreamListener {

        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final BlockingQueue<String> ends = new LinkedBlockingQueue<>();
        final BlockingQueue<FlynnException> failures = new LinkedBlockingQueue<>();

        @Override
        public void onData(byte[] data) {
            bytes.writeBytes(data);
        }

        @Override
        public void onEnd() {
            ends.add("end");
        }

        @Override
        public void onFailure(FlynnException reason) {
            failures.add(reason);
        }

        void awaitEnd() throws InterruptedException {
            assertThat(ends.poll(20, TimeUnit.SECONDS)).isEqualTo("end");
        }

        FlynnException awaitFailure() throws InterruptedException {
            FlynnException failure = failures.poll(20, TimeUnit.SECONDS);
            assertThat(failure).isNotNull();
            return failure;
        }
    }

    /** Sends back what comes, and ends when the other ends. */
    private static StreamListener echo(LinkStream stream) {
        return new StreamListener() {
            @Override
            public void onData(byte[] bytes) {
                stream.send(bytes);
            }

            @Override
            public void onEnd() {
                stream.end();
            }

            @Override
            public void onFailure(FlynnException reason) {}
        };
    }

    @Test
    void bytesGoBothWaysInOrderFarBeyondTheWindow() throws Exception {
        HostLink b = serving((caller, method, argument, stream) -> echo(stream));
        var heard = new Heard();
        byte[] sent = new byte[5_000_000];
        new Random(7).nextBytes(sent);
        try (LinkStream stream = open(b, heard)) {
            for (int at = 0; at < sent.length; at += 50_000) {
                stream.send(java.util.Arrays.copyOfRange(sent, at, at + 50_000));
            }
            stream.end();
            heard.awaitEnd();
        }
        assertThat(heard.bytes.toByteArray()).isEqualTo(sent);
        assertThat(heard.failures).isEmpty();
    }

    @Test
    void theServerKnowsWhoOpenedWhat() throws Exception {
        HostLink b = serving((caller, method, argument, stream) -> {
            stream.send((caller + " " + method + " " + new String(argument, UTF_8)).getBytes(UTF_8));
            stream.end();
            return new Heard();
        });
        var heard = new Heard();
        try (LinkStream stream = open(b, heard)) {
            heard.awaitEnd();
        }
        assertThat(heard.bytes.toString(UTF_8)).isEqualTo("a m argument");
    }

    @Test
    void whoDoesNotReadHoldsUpTheSenderAndNobodyElse() throws Exception {
        var release = new CountDownLatch(1);
        var taken = new AtomicLong();
        HostLink b = serving((caller, method, argument, stream) -> new Heard() {
            @Override
            public void onData(byte[] bytes) {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                taken.addAndGet(bytes.length);
            }
        });
        b.serve("calls", (caller, method, request) -> java.util.concurrent.CompletableFuture.completedFuture(request));
        var sent = new AtomicLong();
        LinkStream stream = open(b, new Heard());
        Thread sender = new Thread(() -> {
            for (int i = 0; i < 100; i++) {
                stream.send(new byte[32 * 1024]);
                sent.addAndGet(32 * 1024);
            }
        });
        sender.start();
        try {
            await().atMost(TestHosts.PATIENCE).until(() -> sender.getState() == Thread.State.WAITING);
            assertThat(sent.get()).isEqualTo(LinkConfig.DEFAULTS.streamWindow());
            assertThat(a.call("b", b.advertisedAddress(), "calls", "m", new byte[1], TestHosts.PATIENCE)
                            .get(20, TimeUnit.SECONDS))
                    .hasSize(1);
        } finally {
            release.countDown();
        }
        sender.join(20_000);
        await().atMost(TestHosts.PATIENCE).until(() -> taken.get() == 100L * 32 * 1024);
        stream.close();
    }

    @Test
    void aRefusalReachesTheListenerWithItsReason() throws Exception {
        HostLink b = serving((caller, method, argument, stream) -> {
            throw FlynnException.notFound("job", "x");
        });
        var heard = new Heard();
        LinkStream stream = open(b, heard);

        FlynnException failure = heard.awaitFailure();
        assertThat(failure.code()).isEqualTo(ErrorCode.OBJECT_NOT_FOUND);
        assertThat(failure).hasMessage("job \"x\" does not exist");
        assertThatThrownBy(() -> stream.send(new byte[1])).hasMessage("job \"x\" does not exist");
    }

    @Test
    void aStreamToAServiceThatIsNotThereFails() throws Exception {
        HostLink b = hosts.open(hosts.builder("b").build());
        var heard = new Heard();
        LinkStream stream = open(b, heard);

        assertThat(heard.awaitFailure().code()).isEqualTo(ErrorCode.NOT_FOUND);
        stream.close();
    }

    @Test
    void closingOneEndFailsTheOther() throws Exception {
        var there = new Heard();
        HostLink b = serving((caller, method, argument, stream) -> there);
        LinkStream stream = open(b, new Heard());
        stream.send(new byte[1]);
        stream.close();

        assertThat(there.awaitFailure()).hasMessageContaining("closed");
        assertThatThrownBy(() -> stream.send(new byte[1])).isInstanceOf(FlynnException.class);
    }

    @Test
    void aLostConnectionFailsTheStreamAndWhoWaitsToSend() throws Exception {
        HostLink b = hosts.builder("b")
                .streams("test", (caller, method, argument, stream) -> new Heard() {
                    @Override
                    public void onData(byte[] bytes) {
                        try {
                            new CountDownLatch(1).await();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    }
                })
                .build();
        var heard = new Heard();
        LinkStream stream = open(b, heard);
        var thrown = new LinkedBlockingQueue<RuntimeException>();
        Thread sender = new Thread(() -> {
            try {
                stream.send(new byte[1_000_000]);
            } catch (RuntimeException e) {
                thrown.add(e);
            }
        });
        sender.start();
        await().atMost(TestHosts.PATIENCE).until(() -> sender.getState() == Thread.State.WAITING);
        b.close();

        assertThat(heard.awaitFailure().code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
        assertThat(thrown.poll(20, TimeUnit.SECONDS)).isInstanceOf(FlynnException.class);
    }
}
