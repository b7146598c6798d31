package dev.flynn.discoverd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The contract, layer 0, sections 1.5 and 5.7. */
@Timeout(60)
class EventStreamTest {

    private final TestServer server = new TestServer();

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void aServiceIsAlwaysAStreamWhateverIsAccepted() throws IOException {
        RawStream stream = server.stream("/services/web", false);

        assertThat(stream.head).startsWith("HTTP/1.1 200").contains("text/event-stream");
        assertThat(stream.head.toLowerCase(java.util.Locale.ROOT)).contains("charset=utf-8");
        assertThat(stream.data()).isEqualTo("{\"service\":\"web\",\"kind\":\"current\"}");
    }

    @Test
    void firstWhatIsThereThenCurrentThenChanges() throws IOException {
        server.discovery.createService("web", LeaderType.OLDEST);
        Instance first = register("web", 1);
        Instance second = register("web", 2);
        ServiceMeta meta = server.discovery.setMeta("web", new ServiceMeta("{\"a\":1}", 0));

        RawStream stream = server.stream("/services/web", true);

        assertThat(stream.data()).isEqualTo(event("web", "up", first));
        assertThat(stream.data()).isEqualTo(event("web", "up", second));
        assertThat(stream.data()).isEqualTo(event("web", "leader", first));
        assertThat(stream.data())
                .isEqualTo(
                        "{\"service\":\"web\",\"kind\":\"service_meta\",\"service_meta\":{\"data\":{\"a\":1},\"index\":"
                                + meta.index() + "}}");
        assertThat(stream.data()).contains("current");

        server.discovery.deregister("web", first.id());
        assertThat(stream.data()).isEqualTo(event("web", "down", first));
        assertThat(stream.data()).isEqualTo(event("web", "leader", second));
        server.discovery.deregister("web", second.id());
        assertThat(stream.data()).isEqualTo(event("web", "down", second));
        assertThat(stream.data()).isEqualTo("{\"service\":\"web\",\"kind\":\"leader\"}");
    }

    @Test
    void theStreamOfInstancesHasNoCurrentNoLeaderAndNoMetadata() throws IOException {
        server.discovery.createService("web", LeaderType.OLDEST);
        Instance first = register("web", 1);

        RawStream stream = server.stream("/services/web/instances", true);
        assertThat(stream.data()).isEqualTo(event("web", "up", first));

        server.discovery.setMeta("web", new ServiceMeta("1", 0));
        Instance updated = server.discovery.register("web", Instance.of("http", "10.0.0.1:1", Map.of("weight", "2")));
        assertThat(stream.data()).isEqualTo(event("web", "update", updated));
        server.discovery.deregister("web", first.id());
        assertThat(stream.data()).isEqualTo(event("web", "down", updated));
        Instance back = register("web", 1);
        assertThat(stream.data()).isEqualTo(event("web", "up", back));
    }

    @Test
    void theStreamOfTheLeaderHasOnlyLeaders() throws IOException {
        server.discovery.createService("web", LeaderType.OLDEST);

        RawStream stream = server.stream("/services/web/leader", true);
        Instance first = register("web", 1);

        assertThat(stream.data()).isEqualTo(event("web", "leader", first));
        server.discovery.deregister("web", first.id());
        assertThat(stream.data()).isEqualTo("{\"service\":\"web\",\"kind\":\"leader\"}");
    }

    @Test
    void moreThanABufferIsThereAtTheStart() throws IOException {
        server.discovery.createService("web", LeaderType.OLDEST);
        for (int port = 1; port <= 3 * EventStream.MAX_BEHIND; port++) {
            register("web", port);
        }

        RawStream stream = server.stream("/services/web", true);

        List<String> events = new ArrayList<>();
        do {
            events.add(stream.data());
        } while (!events.get(events.size() - 1).contains("\"current\""));
        assertThat(events).hasSize(3 * EventStream.MAX_BEHIND + 2);
    }

    @Test
    void silenceIsBrokenByACommentWithoutABlankLine() throws IOException {
        try (var talkative = new TestServer(Duration.ofMillis(50))) {
            RawStream stream = talkative.stream("/services/web", true);
            stream.data();

            assertThat(stream.line()).isEqualTo(":");
            assertThat(stream.line()).isEqualTo(":");
        }
    }

    @Test
    void whoDoesNotReadIsToldSoAndKeepsNobodyWaiting() throws IOException {
        server.discovery.createService("web", LeaderType.OLDEST);
        RawStream idle = server.stream("/services/web", true);
        RawStream busy = server.stream("/services/web", true);
        busy.data();

        String long1 = "x".repeat(60_000);
        int change = 0;
        String last = "";
        // the kernel's buffers take megabytes before the server notices
        while (change < 2000 && !(change > 300 && server.discoverd.streams() == 1)) {
            server.discovery.register("web", Instance.of("http", "10.0.0.1:1", Map.of("n", long1 + change)));
            change++;
            if (change == 1) {
                last = busy.data();
                last = busy.data();
            } else {
                last = busy.data();
            }
        }

        assertThat(last).contains("x" + (change - 1));
        assertThat(server.discoverd.streams()).isEqualTo(1);
        String line = idle.line();
        String before = "";
        while (line != null && !line.startsWith("event: error")) {
            before = line;
            line = idle.line();
        }
        assertThat(before).isEmpty();
        assertThat(idle.line()).isEqualTo("data: " + EventStream.TOO_SLOW);
    }

    @Test
    void aClientThatWentAwayIsForgotten() throws IOException {
        try (var talkative = new TestServer(Duration.ofMillis(50))) {
            RawStream stream = talkative.stream("/services/web", true);
            stream.data();
            assertThat(talkative.discoverd.streams()).isEqualTo(1);

            stream.close();

            await().until(() -> talkative.discoverd.streams() == 0);
        }
    }

    @Test
    void closingTheServerEndsTheStreams() throws IOException {
        RawStream stream = server.stream("/services/web", true);
        stream.data();

        server.discoverd.close();

        assertThat(stream.line()).isEqualTo("event: error");
        assertThat(stream.line()).startsWith("data: ");
    }

    private Instance register(String service, int port) {
        return server.discovery.register(service, Instance.of("http", "10.0.0.1:" + port, Map.of()));
    }

    private static String event(String service, String kind, Instance instance) {
        String meta = instance.meta().isEmpty() ? "" : "\"meta\":{\"weight\":\"2\"},";
        return "{\"service\":\"%s\",\"kind\":\"%s\",\"instance\":{\"id\":\"%s\",\"addr\":\"%s\",\"proto\":\"http\",%s\"index\":%d}}"
                .formatted(service, kind, instance.id(), instance.addr(), meta, instance.index());
    }
}
