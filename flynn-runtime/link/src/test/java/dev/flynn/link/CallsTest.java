package dev.flynn.link;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CallsTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final CallHandler ECHO = (caller, method, request) -> CompletableFuture.completedFuture(request);

    @TempDir
    Path directory;

    private TestHosts hosts;

    @BeforeEach
    void open() {
        hosts = new TestHosts(directory);
    }

    @AfterEach
    void close() throws Exception {
        hosts.close();
    }

    private HostLink link(String hostId, CallHandler handler) {
        return hosts.open(hosts.builder(hostId).service("test", handler).build());
    }

    private static byte[] call(HostLink from, String toId, HostLink to, String method, byte[] request)
            throws Exception {
        return from.call(toId, to.advertisedAddress(), "test", method, request, LONG)
                .get(20, TimeUnit.SECONDS);
    }

    private static FlynnException failure(CompletableFuture<?> call) {
        Throwable thrown = catchThrowable(() -> call.get(20, TimeUnit.SECONDS));
        assertThat(thrown).isInstanceOf(ExecutionException.class);
        assertThat(thrown.getCause()).isInstanceOf(FlynnException.class);
        return (FlynnException) thrown.getCause();
    }

    @Test
    void anAnswerComesBackWithTheNameOfWhoCalledAndWhat() throws Exception {
        HostLink a = link("a", ECHO);
        HostLink b = link(
                "b",
                (caller, method, request) -> CompletableFuture.completedFuture(
                        ByteBuffer.wrap((caller + " " + method + " " + UTF_8.decode(request)).getBytes(UTF_8))));

        assertThat(call(a, "b", b, "greet", "hello".getBytes(UTF_8)))
                .asString(UTF_8)
                .isEqualTo("a greet hello");
    }

    @Test
    void messagesOfEverySizeUpToTheLimitArriveAsTheyAre() throws Exception {
        int limit = 2 << 20;
        HostLink a = hosts.open(hosts.builder("a").maxMessageBytes(limit).build());
        HostLink b = hosts.open(
                hosts.builder("b").maxMessageBytes(limit).service("test", ECHO).build());
        for (int size : new int[] {0, 1, 4095, 4096, 4097, 16_384, 65_536, 100_000, limit}) {
            byte[] request = new byte[size];
            new java.util.Random(size).nextBytes(request);

            assertThat(call(a, "b", b, "echo", request)).as("%d bytes", size).isEqualTo(request);
        }
    }

    @Test
    void aRequestOrAnswerThatIsTooLargeIsRefusedWithBothSizes() throws Exception {
        HostLink a = hosts.open(hosts.builder("a").maxMessageBytes(1000).build());
        HostLink b = hosts.open(hosts.builder("b")
                .maxMessageBytes(1000)
                .service(
                        "test",
                        (caller, method, request) -> CompletableFuture.completedFuture(ByteBuffer.allocate(1001)))
                .build());

        assertThat(catchThrowable(() -> a.call("b", b.advertisedAddress(), "test", "m", new byte[1001], LONG)))
                .asInstanceOf(type(FlynnException.class))
                .satisfies(e -> assertThat(e.getMessage()).contains("1000").contains("1001"));
        assertThat(failure(a.call("b", b.advertisedAddress(), "test", "m", new byte[1], LONG)))
                .hasMessageContaining("1001 bytes, more than 1000");
    }

    @Test
    void callsAreHandledInTheOrderInWhichTheyWereMade() throws Exception {
        Queue<Integer> seen = new ConcurrentLinkedQueue<>();
        HostLink a = link("a", ECHO);
        HostLink b = link("b", (caller, method, request) -> {
            seen.add(request.getInt(0));
            return CompletableFuture.completedFuture(request);
        });
        List<CompletableFuture<ByteBuffer>> calls = new ArrayList<>();
        List<Integer> sent = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            sent.add(i);
            ByteBuffer request = ByteBuffer.allocate(i % 20 == 0 ? 6000 : 10).putInt(0, i);
            calls.add(a.call("b", b.advertisedAddress(), "test", "m", request, LONG));
        }
        CompletableFuture.allOf(calls.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);

        assertThat(List.copyOf(seen).equals(sent)).as("in order").isTrue();
    }

    @Test
    void theAnswersOfSlowAndFastCallsDoNotWaitForEachOther() throws Exception {
        var slow = new CompletableFuture<ByteBuffer>();
        HostLink a = link("a", ECHO);
        HostLink b = link(
                "b",
                (caller, method, request) -> method.equals("slow") ? slow : CompletableFuture.completedFuture(request));

        CompletableFuture<byte[]> waiting = a.call("b", b.advertisedAddress(), "test", "slow", new byte[1], LONG);
        assertThat(call(a, "b", b, "fast", new byte[2])).hasSize(2);
        assertThat(waiting).isNotDone();
        slow.complete(ByteBuffer.allocate(3));
        assertThat(waiting.get(20, TimeUnit.SECONDS)).hasSize(3);
    }

    @Test
    void aFailureArrivesWithItsCodeAndMessage() {
        HostLink a = link("a", ECHO);
        HostLink b = link("b", (caller, method, request) -> {
            throw FlynnException.conflict("not now");
        });

        FlynnException failure = failure(a.call("b", b.advertisedAddress(), "test", "m", new byte[0], LONG));
        assertThat(failure.code()).isEqualTo(ErrorCode.CONFLICT);
        assertThat(failure).hasMessage("not now");
    }

    @Test
    void aFailureThatIsADefectTellsNoDetails() {
        HostLink a = link("a", ECHO);
        HostLink b = link(
                "b",
                (caller, method, request) ->
                        CompletableFuture.failedFuture(new IllegalStateException("password is 1234")));

        FlynnException failure = failure(a.call("b", b.advertisedAddress(), "test", "m", new byte[0], LONG));
        assertThat(failure.code()).isEqualTo(ErrorCode.UNKNOWN);
        assertThat(failure.getMessage()).contains("\"b\"").doesNotContain("1234");
    }

    @Test
    void aServiceThatIsNotThereIsNamed() {
        HostLink a = link("a", ECHO);
        HostLink b = link("b", ECHO);

        FlynnException failure = failure(a.call("b", b.advertisedAddress(), "nonsense", "m", new byte[0], LONG));
        assertThat(failure.code()).isEqualTo(ErrorCode.NOT_FOUND);
        assertThat(failure).hasMessageContaining("\"nonsense\"").hasMessageContaining("\"b\"");
    }

    @Test
    void aCallThatIsNotAnsweredInTimeFailsAndIsCancelledOverThere() throws Exception {
        var never = new CompletableFuture<ByteBuffer>();
        HostLink a = link("a", ECHO);
        HostLink b = link(
                "b",
                (caller, method, request) -> method.equals("m") ? never : CompletableFuture.completedFuture(request));
        call(a, "b", b, "meet", new byte[0]);

        FlynnException failure =
                failure(a.call("b", b.advertisedAddress(), "test", "m", new byte[0], Duration.ofMillis(1500)));
        assertThat(failure.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
        assertThat(failure).hasMessageContaining("test/m").hasMessageContaining("1500 ms");
        await().atMost(TestHosts.PATIENCE).untilAsserted(() -> assertThat(never).isCancelled());
    }

    @Test
    void aCancelledCallIsCancelledOverThere() throws Exception {
        var never = new CompletableFuture<ByteBuffer>();
        var arrived = new CountDownLatch(1);
        HostLink a = link("a", ECHO);
        HostLink b = link("b", (caller, method, request) -> {
            arrived.countDown();
            return never;
        });

        CompletableFuture<ByteBuffer> call =
                a.call("b", b.advertisedAddress(), "test", "m", ByteBuffer.allocate(0), LONG);
        assertThat(arrived.await(20, TimeUnit.SECONDS)).isTrue();
        call.cancel(false);
        await().atMost(TestHosts.PATIENCE).untilAsserted(() -> assertThat(never).isCancelled());
    }

    @Test
    void tooManyCallsUnderWayAreRefusedAndTheOthersGoOn() throws Exception {
        var gate = new CompletableFuture<ByteBuffer>();
        HostLink a = link("a", ECHO);
        HostLink b = hosts.open(hosts.builder("b")
                .maxCallsInFlight(2)
                .service("test", (caller, method, request) -> gate.thenApply(ByteBuffer::duplicate))
                .build());

        CompletableFuture<byte[]> first = a.call("b", b.advertisedAddress(), "test", "m", new byte[1], LONG);
        CompletableFuture<byte[]> second = a.call("b", b.advertisedAddress(), "test", "m", new byte[1], LONG);
        FlynnException failure = failure(a.call("b", b.advertisedAddress(), "test", "m", new byte[1], LONG));
        assertThat(failure.code()).isEqualTo(ErrorCode.RATE_LIMITED);
        gate.complete(ByteBuffer.allocate(1));
        assertThat(first.get(20, TimeUnit.SECONDS)).hasSize(1);
        assertThat(second.get(20, TimeUnit.SECONDS)).hasSize(1);
    }

    @Test
    void aBlockingServiceDoesNotHoldUpTheOthers() throws Exception {
        var release = new CountDownLatch(1);
        HostLink a = link("a", ECHO);
        HostLink b = hosts.open(hosts.builder("b")
                .service("test", ECHO)
                .blockingService("slow", (caller, method, request) -> {
                    release.await();
                    return request;
                })
                .build());

        CompletableFuture<byte[]> slow = a.call("b", b.advertisedAddress(), "slow", "m", new byte[7], LONG);
        assertThat(call(a, "b", b, "m", new byte[2])).hasSize(2);
        release.countDown();
        assertThat(slow.get(20, TimeUnit.SECONDS)).hasSize(7);
    }

    @Test
    void bothHostsCallOnOneConnection() throws Exception {
        HostLink a = link("a", ECHO);
        HostLink b = link("b", ECHO);

        assertThat(call(a, "b", b, "m", new byte[1])).hasSize(1);
        assertThat(call(b, "a", a, "m", new byte[1])).hasSize(1);

        assertThat(a.connections()).isEqualTo(1);
        assertThat(b.connections()).isEqualTo(1);
    }

    @Test
    void hostsThatDialEachOtherAtOnceEndUpWithOneConnection() throws Exception {
        HostLink a = link("a", ECHO);
        HostLink b = link("b", ECHO);
        CompletableFuture<byte[]> there = a.call("b", b.advertisedAddress(), "test", "m", new byte[1], LONG);
        CompletableFuture<byte[]> back = b.call("a", a.advertisedAddress(), "test", "m", new byte[1], LONG);
        there.get(20, TimeUnit.SECONDS);
        back.get(20, TimeUnit.SECONDS);

        await().atMost(TestHosts.PATIENCE).untilAsserted(() -> {
            assertThat(a.connections()).isEqualTo(1);
            assertThat(b.connections()).isEqualTo(1);
        });
        assertThat(call(a, "b", b, "m", new byte[1])).hasSize(1);
        assertThat(call(b, "a", a, "m", new byte[1])).hasSize(1);
    }

    @Test
    void aHostThatComesBackAtItsAddressIsCalledAgain() throws Exception {
        HostLink a = link("a", ECHO);
        HostLink b = hosts.builder("b").service("test", ECHO).build();
        assertThat(call(a, "b", b, "m", new byte[1])).hasSize(1);
        var address = b.address();
        b.close();
        assertThat(failure(a.call("b", TestHosts.text(address), "test", "m", new byte[1], LONG))
                        .code())
                .isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);

        HostLink again = hosts.open(HostLink.builder(hosts.credentials("b"))
                .listen(address)
                .service("test", ECHO)
                .build());

        await().atMost(TestHosts.PATIENCE)
                .ignoreExceptions()
                .untilAsserted(
                        () -> assertThat(call(a, "b", again, "m", new byte[1])).hasSize(1));
    }

    @Test
    void whatIsUnderWayFailsWhenTheOtherHostGoes() {
        HostLink a = link("a", ECHO);
        HostLink b = hosts.builder("b")
                .service("test", (caller, method, request) -> new CompletableFuture<>())
                .build();
        CompletableFuture<byte[]> call = a.call("b", b.advertisedAddress(), "test", "m", new byte[1], LONG);
        await().atMost(TestHosts.PATIENCE).until(() -> b.connections() == 1);
        b.close();

        assertThat(failure(call).code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
    }

    @Test
    void afterCloseACallFails() {
        HostLink a = hosts.builder("a").build();
        a.close();
        a.close();

        assertThat(failure(a.call("b", "127.0.0.1:1", "test", "m", new byte[1], LONG)))
                .hasMessageContaining("closed");
    }
}
