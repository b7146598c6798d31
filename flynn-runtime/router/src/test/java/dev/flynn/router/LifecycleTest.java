package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.router.RouteTable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Starting, changing tables under load, and closing. */
class LifecycleTest {

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    @Test
    void aTakenPortIsToldByItsAddress() {
        int port = fixture.router().httpAddress().getPort();

        assertThatThrownBy(() -> NettyRouter.builder()
                        .listenIp("127.0.0.1")
                        .httpPort(port)
                        .build())
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("the router cannot listen on 127.0.0.1:" + port)
                .hasMessageContaining("free the port or choose another one");
    }

    @Test
    void aRouterThatCannotStartLeavesNothingBehind() throws IOException {
        int taken = fixture.router().httpAddress().getPort();
        int free;
        try (ServerSocket probe = new ServerSocket(0)) {
            free = probe.getLocalPort();
        }

        assertThatThrownBy(() -> NettyRouter.builder()
                        .listenIp("127.0.0.1")
                        .httpPort(free)
                        .httpsPort(taken)
                        .threadName("half-started")
                        .build())
                .isInstanceOf(FlynnException.class);

        try (ServerSocket again = new ServerSocket()) {
            again.bind(new InetSocketAddress("127.0.0.1", free));
        }
        await().untilAsserted(() -> assertThat(threads("half-started")).isEmpty());
    }

    @Test
    void aBackendAddressThatIsNoneIsRefusedAndTheOldTableStays() throws IOException {
        fixture.route("app", fixture.open(TestBackend.saying("hello")));
        fixture.router();

        assertThatThrownBy(() -> fixture.backends("other", "nonsense"))
                .isInstanceOf(FlynnException.class)
                .hasMessage("backend address 'nonsense' must be host:port");

        assertThat(fixture.get("app", "/").text()).isEqualTo("hello");
    }

    @Test
    void aRequestInFlightFinishesWhenItsBackendLeavesTheTable() throws Exception {
        CountDownLatch finish = new CountDownLatch(1);
        TestBackend leaving = fixture.open(TestBackend.answering((request, connection) -> {
            BodiesTest.awaitLatch(finish);
            connection.respond("old");
        }));
        TestBackend staying = fixture.open(TestBackend.saying("new"));
        fixture.route("app", leaving);
        TestClient client = fixture.client().get("app", "/");
        await().until(() -> leaving.requests().size() == 1);

        fixture.backends("app", staying.addr());
        assertThat(fixture.get("app", "/").text()).isEqualTo("new");
        finish.countDown();

        assertThat(client.readResponse().text()).isEqualTo("old");
        assertThat(client.get("app", "/").readResponse().text()).isEqualTo("new");
        await().untilAsserted(() -> assertThat(leaving.openConnections())
                .as("connections kept to a backend that left")
                .isZero());
    }

    @Test
    void noRequestFailsWhileBackendsAreReplaced() throws Exception {
        List<TestBackend> running = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            running.add(fixture.open(numbered(i)));
        }
        fixture.route("app", running.toArray(TestBackend[]::new));
        fixture.router();
        AtomicBoolean over = new AtomicBoolean();
        AtomicInteger requests = new AtomicInteger();
        Queue<String> failures = new ConcurrentLinkedQueue<>();
        List<CompletableFuture<Void>> clients = IntStream.range(0, 6)
                .mapToObj(number -> CompletableFuture.runAsync(
                        () -> load(number, over, requests, failures), task -> new Thread(task, "load").start()))
                .toList();

        for (int i = 3; i < 30; i++) {
            running.add(fixture.open(numbered(i)));
            TestBackend leaving = running.remove(0);
            fixture.backends("app", running.stream().map(TestBackend::addr).toArray(String[]::new));
            await().until(() -> leaving.openConnections() == 0);
            leaving.close();
            int before = requests.get();
            await().until(() -> requests.get() > before + 20 || !failures.isEmpty());
        }
        over.set(true);
        for (CompletableFuture<Void> client : clients) {
            client.get(10, TimeUnit.SECONDS);
        }

        assertThat(failures).isEmpty();
        assertThat(requests.get()).isGreaterThan(500);
    }

    private static TestBackend numbered(int number) {
        return TestBackend.answering((request, connection) -> connection.respond(number + request.text()));
    }

    /** Sends requests of every kind, over connections that are kept and ones that are not. */
    private void load(int number, AtomicBoolean over, AtomicInteger requests, Queue<String> failures) {
        while (!over.get() && failures.isEmpty()) {
            try (TestClient client = TestClient.connect(fixture.router().httpAddress())) {
                for (int i = 0; i < 20 && !over.get(); i++) {
                    HttpMessage response = (i + number) % 2 == 0
                            ? client.get("app", "/").readResponse()
                            : client.post("app", "/", "body").readResponse();
                    if (response.status() != 200) {
                        failures.add(response.startLine());
                    }
                    requests.incrementAndGet();
                }
            } catch (IOException | RuntimeException e) {
                failures.add(e.toString());
            }
        }
    }

    @Test
    void closingLetsRequestsFinishAndEndsIdleConnections() throws Exception {
        CountDownLatch finish = new CountDownLatch(1);
        TestBackend backend = fixture.open(TestBackend.answering((request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
            if (request.target().equals("/slow")) {
                BodiesTest.awaitLatch(finish);
            }
            connection.send("done");
        }));
        fixture.route("app", backend);
        NettyRouter router = fixture.router();
        TestClient idle = fixture.client();
        idle.get("app", "/").readResponse();
        TestClient busy = fixture.client().get("app", "/slow");
        busy.readHead();

        CompletableFuture<Void> closing = CompletableFuture.runAsync(router::close);

        assertThat(idle.isClosedByPeer()).isTrue();
        assertThatThrownBy(() -> TestClient.connect(router.httpAddress()))
                .isInstanceOf(java.io.UncheckedIOException.class);
        assertThat(closing).isNotDone();
        finish.countDown();
        assertThat(HttpMessage.readExactly(busy.in(), 4)).asString().isEqualTo("done");
        assertThat(busy.isClosedByPeer()).isTrue();
        closing.get(10, TimeUnit.SECONDS);
    }

    @Test
    void aRequestThatWasOnItsWayWhenTheRouterClosedIsTheLastOneOfItsConnection() throws Exception {
        fixture.route("app", fixture.open(TestBackend.saying("hello")));
        NettyRouter router = fixture.router();
        TestClient fresh = fixture.client();
        TestClient kept = fixture.client();
        kept.get("app", "/").readResponse();

        CompletableFuture<Void> closing = CompletableFuture.runAsync(router::close);
        await().until(() -> refusesConnections(router.httpAddress()));

        for (TestClient client : List.of(fresh, kept)) {
            HttpMessage last = client.get("app", "/").readResponse();
            assertThat(last.text()).isEqualTo("hello");
            assertThat(last.field("Connection")).contains("close");
            assertThat(client.isClosedByPeer()).isTrue();
        }
        closing.get(10, TimeUnit.SECONDS);
    }

    @Test
    void theLastRequestsAreCarriedByTheNewestTable() throws Exception {
        fixture.route("app", fixture.open(TestBackend.saying("old")));
        NettyRouter router = fixture.router();
        TestClient client = fixture.client();
        client.get("app", "/").readResponse();

        CompletableFuture<Void> closing = CompletableFuture.runAsync(router::close);
        await().until(() -> refusesConnections(router.httpAddress()));
        fixture.backends("app", fixture.open(TestBackend.saying("new")).addr());

        assertThat(client.get("app", "/").readResponse().text()).isEqualTo("new");
        closing.get(10, TimeUnit.SECONDS);
    }

    private static boolean refusesConnections(InetSocketAddress address) throws IOException {
        try (TestClient client = TestClient.connect(address)) {
            return false;
        } catch (java.io.UncheckedIOException refused) {
            return true;
        }
    }

    @Test
    void closingCutsOffWhatOutlastsTheGraceTimeAndLeavesNoThread() throws Exception {
        fixture.with(builder -> builder.closeGrace(Duration.ofMillis(100)).threadName("short-lived"));
        CountDownLatch never = new CountDownLatch(1);
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            if (connection.readHead().field("Upgrade").isPresent()) {
                connection.send("HTTP/1.1 101 OK\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
            }
            BodiesTest.awaitLatch(never);
        }));
        fixture.route("app", backend);
        TestClient waiting = fixture.client().get("app", "/");
        TestClient tunnel = fixture.client().get("app", "/", "Connection: upgrade", "Upgrade: x");
        tunnel.readHead();
        await().until(() -> backend.requests().size() == 2);
        assertThat(threads("short-lived")).isNotEmpty();

        fixture.router().close();
        fixture.router().close();

        assertThat(ends(waiting)).isTrue();
        assertThat(ends(tunnel)).isTrue();
        await().untilAsserted(() -> assertThat(threads("short-lived")).isEmpty());
        assertThatThrownBy(() -> fixture.router().apply(RouteTable.EMPTY)).isInstanceOf(IllegalStateException.class);
        never.countDown();
    }

    private static boolean ends(TestClient client) {
        try {
            return client.isClosedByPeer();
        } catch (IOException reset) {
            return true;
        }
    }

    private static List<String> threads(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(thread -> thread.startsWith(name))
                .toList();
    }
}
