package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.event.EventType;
import dev.flynn.controller.http.TestController.Answer;
import dev.flynn.spi.store.Transaction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many clients of the stream of events, on the server that is ours. */
@Timeout(60)
class EventClientsTest {

    private static final String REQUEST = "GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n\r\n"
            .formatted(TestController.authorization(TestController.KEY));

    @TempDir
    Path directory;

    private TestController controller;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    private void append(String text) {
        Transaction.Builder transaction = Transaction.builder();
        controller.state.events().append(transaction, EventType.PROVIDER, Optional.empty(), "p", Map.of("text", text));
        var unused = controller.state.commit(transaction);
    }

    private long id(TestStream stream) throws IOException {
        return controller.json.readTree(stream.data()).get("id").asLong();
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("controller-events")
                        || thread.getName().startsWith("controller-stream")
                        || thread.getName().startsWith("store-watch"))
                .count();
    }

    @Test
    void aClientThatDoesNotReadKeepsNobodyWaiting() throws Exception {
        try (var idle = new RawClient(controller.port());
                TestStream stream = controller.stream("/events")) {
            idle.send(REQUEST);
            assertThat(idle.head()).startsWith("HTTP/1.1 200");
            String large = "x".repeat(200_000);
            for (int i = 1; i <= 40; i++) {
                append(large);
                assertThat(id(stream)).isEqualTo(i);
            }
        }
    }

    @Test
    void clientsCostNoThreadsOfTheirOwn() throws Exception {
        long before = threads();
        List<RawClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 60; i++) {
                var client = new RawClient(controller.port());
                clients.add(client);
                client.send(REQUEST);
                assertThat(client.head()).startsWith("HTTP/1.1 200");
            }
            append("first");

            // the lanes, their clock, and a watch; tests beside this one have some, too
            assertThat(threads() - before).isLessThan(40);
        } finally {
            for (RawClient client : clients) {
                client.close();
            }
        }
        try (TestStream stream = controller.stream("/events")) {
            append("second");
            assertThat(id(stream)).isEqualTo(2);
        }
    }

    @Test
    void aStreamOfAnEndingControllerIsRefusedAsSuch() {
        controller.endStreams();

        Answer answer = controller.get("/events");

        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.body())
                .isEqualTo(
                        "{\"code\":\"service_unavailable\",\"message\":\"the controller is shutting down; ask again\",\"retry\":true}");
        assertThat(controller.get("/volumes", "Accept", "text/event-stream").status())
                .isEqualTo(503);
        assertThat(controller.get("/apps").status()).isEqualTo(200);
    }

    @Test
    void aStreamThatEndsEndsItsResponse() throws Exception {
        try (TestStream stream = controller.stream("/events")) {
            append("one");
            assertThat(id(stream)).isEqualTo(1);

            controller.endStreams();

            assertThat(stream.line()).isEqualTo("null");
        }
        await().until(() -> controller.get("/apps").status() == 200);
    }
}
