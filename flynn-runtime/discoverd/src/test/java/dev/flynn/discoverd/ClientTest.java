package dev.flynn.discoverd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.DiscoveryEvent.Current;
import dev.flynn.api.discovery.DiscoveryEvent.Down;
import dev.flynn.api.discovery.DiscoveryEvent.Leader;
import dev.flynn.api.discovery.DiscoveryEvent.Up;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.discoverd.client.DiscoverdClient;
import dev.flynn.discoverd.client.Registration;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Our client with our server. */
@Timeout(60)
class ClientTest {

    private final TestServer server = new TestServer();
    private final DiscoverdClient client =
            DiscoverdClient.of(Map.of("DISCOVERD", "127.0.0.1:" + server.port(), "FLYNN_APP_ID", "a1"));

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    @Test
    void registersWhatIsMissingAndDeregistersAtItsEnd() {
        Registration web = client.register("web", ":8080", "http", Map.of("weight", "1"));

        assertThat(web.isConfirmed()).isTrue();
        Instance registered = server.discovery.instances("web").get(0);
        assertThat(registered.addr()).isEqualTo("127.0.0.1:8080");
        assertThat(registered.meta()).isEqualTo(Map.of("FLYNN_APP_ID", "a1", "weight", "1"));
        assertThat(client.instances("web")).containsExactly(registered);
        assertThat(client.leader("web")).contains(registered);

        web.setMeta(Map.of("weight", "2"));
        assertThat(client.instances("web"))
                .containsExactly(Instance.of("http", "127.0.0.1:8080", Map.of("weight", "2"))
                        .withIndex(registered.index()));

        web.close();
        web.close();
        assertThat(client.instances("web")).isEmpty();
        assertThat(client.leader("web")).isEmpty();
    }

    @Test
    void whatCanNeverWorkIsRefusedAtOnce() {
        assertRefused(ErrorCode.VALIDATION, () -> client.register("web", "no-port", "http", Map.of()));
        assertRefused(ErrorCode.VALIDATION, () -> client.register("Web", ":80", "http", Map.of()));
        assertRefused(ErrorCode.VALIDATION, () -> client.register("a/b", ":80", "http", Map.of()));
    }

    @Test
    void servicesLeadersAndMetadata() {
        client.createService("db", LeaderType.MANUAL);
        assertRefused(ErrorCode.OBJECT_EXISTS, () -> client.createService("db", LeaderType.MANUAL));
        Instance first = client.register("db", "10.0.0.1:1", "tcp", Map.of()).instance();
        assertThat(client.leader("db")).isEmpty();
        client.setLeader("db", first.id());
        assertThat(client.leader("db").map(Instance::id)).contains(first.id());

        assertThat(client.meta("db")).isEmpty();
        ServiceMeta created = client.setMeta("db", new ServiceMeta("{\"a\":1}", 0));
        assertThat(client.meta("db")).contains(created);
        assertRefused(ErrorCode.OBJECT_EXISTS, () -> client.setMeta("db", new ServiceMeta("1", 0)));
        assertRefused(
                ErrorCode.PRECONDITION_FAILED, () -> client.setMeta("db", new ServiceMeta("1", created.index() + 1)));

        client.removeService("db");
        assertRefused(ErrorCode.OBJECT_NOT_FOUND, () -> client.removeService("db"));
    }

    @Test
    void waitsForTheFirstInstance() throws Exception {
        CompletableFuture<List<Instance>> waiting =
                CompletableFuture.supplyAsync(() -> client.instances("web", Duration.ofSeconds(30)));
        server.discovery.createService("web", LeaderType.OLDEST);
        Instance up = server.discovery.register("web", Instance.of("http", "10.0.0.1:1", Map.of()));

        assertThat(waiting.get(30, TimeUnit.SECONDS)).containsExactly(up);
        assertRefused(ErrorCode.SERVICE_UNAVAILABLE, () -> client.instances("nothing", Duration.ofMillis(50)));
    }

    @Test
    void aWatchGoesOnWithAnotherServerAndTellsOnlyWhatDiffers() throws Exception {
        server.discovery.createService("web", LeaderType.OLDEST);
        Instance first = server.discovery.register("web", Instance.of("http", "10.0.0.1:1", Map.of()));
        Instance second = server.discovery.register("web", Instance.of("http", "10.0.0.1:2", Map.of()));
        List<DiscoveryEvent> events = new CopyOnWriteArrayList<>();
        try (var watch = client.watch("web", events::add)) {
            await().until(() -> events.size() == 4);
            assertThat(events)
                    .containsExactly(
                            new Up("web", first),
                            new Up("web", second),
                            new Leader("web", Optional.of(first)),
                            new Current("web"));
            events.clear();

            int port = server.port();
            server.discoverd.close();
            server.discovery.deregister("web", first.id());
            Instance third = server.discovery.register("web", Instance.of("http", "10.0.0.1:3", Map.of()));
            try (var again = Discoverd.builder(server.discovery, new InetSocketAddress("127.0.0.1", port))
                    .start()) {
                await().atMost(30, TimeUnit.SECONDS).until(() -> events.size() == 4);
                assertThat(events)
                        .containsExactly(
                                new Up("web", third),
                                new Leader("web", Optional.of(second)),
                                new Down("web", first),
                                new Current("web"));
            }
        }
    }

    @Test
    void aRegistrationIsMadeOnceDiscoverdAnswers() {
        int port = server.port();
        server.discoverd.close();
        Registration web = client.register("web", ":8080", "http", Map.of());
        assertThat(web.isConfirmed()).isFalse();
        assertThat(client.ping()).isFalse();

        try (var again = Discoverd.builder(server.discovery, new InetSocketAddress("127.0.0.1", port))
                .start()) {
            await().atMost(30, TimeUnit.SECONDS)
                    .until(() -> !server.discovery.instances("web").isEmpty());
            assertThat(client.ping()).isTrue();
            web.close();
        }
    }

    @Test
    void aServerThatDoesNotAnswerIsPassedOver() {
        try (var several = DiscoverdClient.of(Map.of("DISCOVERD", "http://127.0.0.1:1/, 127.0.0.1:" + server.port()))) {
            assertThat(several.ping()).isTrue();
            several.createService("web", LeaderType.OLDEST);
        }
        assertThat(server.discovery.services()).containsExactly("web");
    }

    @Test
    void aRedirectIsFollowedWithMethodAndBody() throws Exception {
        var redirecting = com.sun.net.httpserver.HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        redirecting.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders()
                    .add("Location", server.url(exchange.getRequestURI().toString()));
            exchange.sendResponseHeaders(307, -1);
            exchange.close();
        });
        redirecting.start();
        try (var proxied = DiscoverdClient.of(
                Map.of("DISCOVERD", "127.0.0.1:" + redirecting.getAddress().getPort()))) {
            proxied.createService("web", LeaderType.MANUAL);

            List<DiscoveryEvent> events = new CopyOnWriteArrayList<>();
            try (var watch = proxied.watch("web", events::add)) {
                await().until(() -> events.contains(new Current("web")));
            }
        } finally {
            redirecting.stop(0);
        }
        assertThat(server.discovery.services()).containsExactly("web");
    }

    private static void assertRefused(ErrorCode code, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(call)
                .matches(e -> e.code() == code, "has code " + code);
    }
}
