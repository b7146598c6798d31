package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.event.EventType;
import dev.flynn.controller.http.TestController.Answer;
import dev.flynn.spi.store.Transaction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class EventsTest {

    @TempDir
    Path directory;

    TestController controller;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    /** Appends events that belong to no app. */
    private void append(int count) {
        for (int i = 0; i < count; i++) {
            Transaction.Builder transaction = Transaction.builder();
            controller
                    .state
                    .events()
                    .append(transaction, EventType.PROVIDER, Optional.empty(), "p" + i, Map.of("i", i));
            var unused = controller.state.commit(transaction);
        }
    }

    private JsonNode list(String query) {
        return controller.get("/events" + query, "Accept", "application/json").ok();
    }

    private List<Long> ids(JsonNode events) {
        List<Long> ids = new ArrayList<>();
        events.forEach(event -> ids.add(event.get("id").asLong()));
        return ids;
    }

    private long id(TestStream stream) throws IOException {
        return controller.json.readTree(stream.data()).get("id").asLong();
    }

    @Test
    void listsAreDescendingAndBounded() {
        append(5);

        assertThat(ids(list(""))).containsExactly(5L, 4L, 3L, 2L, 1L);
        assertThat(ids(list("?count=2"))).containsExactly(5L, 4L);
        assertThat(ids(list("?before_id=4"))).containsExactly(3L, 2L, 1L);
        assertThat(ids(list("?since_id=3"))).containsExactly(5L, 4L);
        assertThat(ids(list("?since_id=1&before_id=5&count=2"))).containsExactly(4L, 3L);
    }

    @Test
    void listsAreFilteredByAppTypeAndObject() {
        String app = controller.createApp("ledger");
        controller.createApp("other");
        append(1);

        assertThat(list("?app_id=ledger").findValuesAsText("object_type")).containsExactly("route", "app");
        assertThat(list("?app_id=" + app + "&object_types=app,unknown")).hasSize(1);
        assertThat(list("?object_types=unknown").toString()).isEqualTo("[]");
        assertThat(list("?object_id=" + app).findValuesAsText("object_type")).containsExactly("app");
        assertThat(list("?object_id=p0").get(0).has("app")).isFalse();
        assertThat(controller
                        .get("/events?app_id=nobody", "Accept", "application/json")
                        .status())
                .isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"before_id", "since_id", "count"})
    void aNumberThatIsNoneIsNamed(String field) {
        Answer answer = controller.get("/events?" + field + "=x", "Accept", "application/json");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body())
                .isEqualTo(
                        "{\"code\":\"validation_error\",\"message\":\"%s is invalid\",\"detail\":{\"field\":\"%s\"},\"retry\":false}"
                                .formatted(field, field));
    }

    @Test
    void oneEventIsFoundByItsId() {
        append(2);

        assertThat(controller.get("/events/2").ok().at("/data/i").asInt()).isEqualTo(1);
        assertThat(controller.get("/events/3").status()).isEqualTo(404);
        assertThat(controller.get("/events/3").body()).isEmpty();
        assertThat(controller.get("/events/x").status()).isEqualTo(500);
    }

    @Test
    void anyOtherAcceptIsAStream() throws Exception {
        for (String accept : new String[] {"*/*", "text/event-stream", "application/json, text/plain"}) {
            try (TestStream stream = controller.stream("/events", "Accept", accept)) {
                assertThat(stream.header("Content-Type")).as(accept).isEqualTo("text/event-stream; charset=utf-8");
            }
        }
        try (TestStream stream = controller.stream("/events")) {
            assertThat(stream.status()).isEqualTo(200);
        }
    }

    @Test
    void aStreamBeginsNowUnlessThePastIsWanted() throws Exception {
        append(3);
        try (TestStream stream = controller.stream("/events", "Last-Event-Id", "0")) {
            append(1);
            assertThat(id(stream)).isEqualTo(4);
        }
    }

    @Test
    void pastEventsAreAscendingAndCountLimitsThemAlone() throws Exception {
        append(5);
        try (TestStream stream = controller.stream("/events?past=true&count=2")) {
            append(3);
            for (long expected = 4; expected <= 8; expected++) {
                assertThat(id(stream)).isEqualTo(expected);
            }
        }
    }

    @Test
    void theLastEventIdContinuesWhereTheClientWas() throws Exception {
        append(5);
        try (TestStream stream = controller.stream("/events", "Last-Event-Id", "3")) {
            append(1);
            assertThat(id(stream)).isEqualTo(4);
            assertThat(id(stream)).isEqualTo(5);
            assertThat(id(stream)).isEqualTo(6);
        }
        assertThat(controller.get("/events", "Last-Event-Id", "x").status()).isEqualTo(400);
    }

    @Test
    void itemsHaveNoIdLineAndAreFilteredLiveToo() throws Exception {
        controller.createApp("ledger");
        try (TestStream stream = controller.stream("/events?app_id=ledger&object_types=app")) {
            append(2);
            controller.createApp("other");
            controller.post("/apps/ledger", "{\"meta\":{\"a\":\"b\"}}").ok();

            List<String> item = stream.next();

            assertThat(item).hasSize(1);
            assertThat(item.get(0))
                    .startsWith("data: {\"id\":")
                    .contains("\"object_type\":\"app\"", "\"meta\":{\"a\":\"b\"}");
        }
    }

    @Test
    void noEventIsMissedAndNoneComesTwiceWhileOthersWrite() throws Exception {
        int total = 400;
        Thread writer = new Thread(() -> append(total));
        writer.start();
        List<Thread> readers = new ArrayList<>();
        List<List<Long>> seen = Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 3; i++) {
            int started = 100 * i;
            await().until(() ->
                    controller.state.events().find(Math.max(1, started)).isPresent());
            Thread reader = new Thread(() -> {
                try (TestStream stream = controller.stream("/events?past=true")) {
                    List<Long> ids = new ArrayList<>();
                    while (ids.isEmpty() || ids.get(ids.size() - 1) < total) {
                        ids.add(id(stream));
                    }
                    seen.add(ids);
                } catch (IOException | InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            readers.add(reader);
            reader.start();
        }
        writer.join();
        for (Thread reader : readers) {
            reader.join();
        }

        assertThat(seen).hasSize(3);
        List<Long> all = LongStream.rangeClosed(1, total).boxed().toList();
        seen.forEach(ids -> assertThat(ids).isEqualTo(all));
    }

    @Test
    void aClosedStoreEndsAStreamWithAnErrorItem() throws Exception {
        try (TestStream stream = controller.stream("/events")) {
            controller.state.store().close();

            List<String> item = stream.next();

            assertThat(item.get(0)).isEqualTo("event: error");
            assertThat(item.get(1)).startsWith("data: ");
            assertThat(stream.line()).isEqualTo("null");
        }
    }
}
