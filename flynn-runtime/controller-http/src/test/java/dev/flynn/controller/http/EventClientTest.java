package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.event.Event;
import dev.flynn.controller.http.EventClient.Turn;
import dev.flynn.json.FlynnJson;
import dev.flynn.state.EventQuery;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EventClientTest {

    private final FlynnJson json = new FlynnJson();
    private final PlayedOutput output = new PlayedOutput();
    private final EventClient client = client(EventQuery.ALL);

    private EventClient client(EventQuery query) {
        return new EventClient(query, told -> Optional.of(told.item()), output, 0);
    }

    /** A client that reads when it is told to. */
    private static final class PlayedOutput implements StreamOutput {

        private final StringBuilder written = new StringBuilder();
        private boolean hasRoom = true;
        private int writes;
        private boolean aborted;
        private boolean finished;
        private Runnable onRoom = () -> {};

        @Override
        public void begin() {}

        @Override
        public boolean canWrite() {
            return hasRoom;
        }

        @Override
        public void write(byte[] bytes) {
            assertThat(hasRoom).isTrue();
            writes++;
            written.append(new String(bytes, StandardCharsets.UTF_8));
        }

        @Override
        public void whenWritable(Runnable action) {
            onRoom = action;
        }

        @Override
        public void whenLeft(Runnable action) {}

        @Override
        public void finish() {
            finished = true;
        }

        @Override
        public void abort() {
            aborted = true;
        }

        List<String> items() {
            List<String> items = new ArrayList<>(List.of(written.toString().split("\n\n", -1)));
            assertThat(items.remove(items.size() - 1)).isEmpty();
            return items;
        }
    }

    private ToldEvent event(long id) {
        return event(id, "app");
    }

    /** Committed at the revision of ten times its id. */
    private ToldEvent event(long id, String type) {
        return new ToldEvent(10 * id, new Event(id, Optional.empty(), type, "o" + id, "{}", Instant.EPOCH), json);
    }

    private Turn take() throws IOException {
        return client.take(0, client::unblock);
    }

    private void takeAll() throws IOException {
        while (take() == Turn.MORE) {
            // goes on
        }
    }

    private List<Long> ids() {
        return output.items().stream()
                .map(item -> json.readTree(item.substring("data: ".length()))
                        .get("id")
                        .asLong())
                .toList();
    }

    @Test
    void whatIsInTheHistoryAndWasOfferedToIsToldOnce() throws IOException {
        client.offer(event(2));
        client.offer(event(3));
        assertThat(take()).isEqualTo(Turn.DONE);

        client.begin(20, List.of(event(1), event(2)));
        takeAll();
        assertThat(client.offer(event(2))).isFalse();
        assertThat(client.offer(event(4))).isTrue();
        takeAll();

        assertThat(ids()).containsExactly(1L, 2L, 3L, 4L);
    }

    @Test
    void onlyWhatIsWantedWaits() throws IOException {
        var query = new EventQuery(Optional.empty(), Set.of("job"), Optional.empty(), Long.MAX_VALUE, 0, 0);
        var picky = client(query);
        picky.begin(0, List.of());

        assertThat(picky.offer(event(1, "app"))).isFalse();
        assertThat(picky.offer(event(2, "job"))).isTrue();
    }

    @Test
    void eventsThatWaitGoOutTogether() throws IOException {
        client.begin(0, List.of());
        for (int i = 1; i <= 5; i++) {
            client.offer(event(i));
        }
        takeAll();

        assertThat(ids()).containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(output.writes).isEqualTo(1);
    }

    @Test
    void aClientThatDoesNotReadGetsEverythingLater() throws IOException {
        client.begin(0, List.of());
        output.hasRoom = false;
        client.offer(event(1));
        client.offer(event(2));

        assertThat(take()).isEqualTo(Turn.DONE);
        assertThat(output.writes).isZero();
        output.hasRoom = true;
        output.onRoom.run();
        takeAll();

        assertThat(ids()).containsExactly(1L, 2L);
    }

    @Test
    void oneThatIsTooFarBehindIsToldWhyItEnds() throws IOException {
        client.begin(0, List.of());
        for (int i = 1; i <= Backlog.MAX_EVENTS + 5; i++) {
            client.offer(event(i));
        }

        takeAll();

        List<String> items = output.items();
        assertThat(items).hasSize(Backlog.MAX_EVENTS + 1);
        assertThat(items.get(items.size() - 1)).isEqualTo("event: error\ndata: event stream buffer overflow");
        assertThat(output.finished).isTrue();
        assertThat(take()).isEqualTo(Turn.OVER);
    }

    @Test
    void whatAKeyMustNotKnowIsPassedOver() throws IOException {
        var confined = new EventClient(
                EventQuery.ALL,
                told -> Optional.of(told.item()).filter(item -> told.event().id() % 2 == 0),
                output,
                0);
        confined.begin(0, List.of(event(1), event(2), event(3)));

        while (confined.take(0, confined::unblock) == Turn.MORE) {
            // goes on
        }

        assertThat(ids()).containsExactly(2L);
        assertThat(output.finished).isFalse();
    }

    @Test
    void silenceIsBrokenAfterHalfAMinute() throws IOException {
        client.begin(0, List.of());
        long almost = Duration.ofSeconds(30).toNanos() - 1;

        client.tick(almost, client::unblock);
        assertThat(output.written).isEmpty();
        client.tick(almost + 1, client::unblock);
        assertThat(output.written).hasToString(":\n");
        client.tick(2 * almost, client::unblock);
        assertThat(output.written).hasToString(":\n");
    }

    @Test
    void theEndDoesNotWaitForWhoDoesNotRead() throws IOException {
        client.begin(0, List.of());
        output.hasRoom = false;
        client.offer(event(1));
        take();

        client.finish();

        assertThat(output.aborted).isTrue();
        assertThat(output.finished).isFalse();
    }

    @Test
    void whoDoesNotReadForTenMinutesIsGivenUp() throws IOException {
        client.begin(0, List.of());
        output.hasRoom = false;
        client.offer(event(1));
        take();

        assertThat(client.tick(Streams.WRITE_PATIENCE.toNanos(), client::unblock))
                .isEqualTo(Turn.DONE);
        assertThat(output.aborted).isFalse();
        assertThat(client.tick(Streams.WRITE_PATIENCE.toNanos() + 1, client::unblock))
                .isEqualTo(Turn.OVER);
        assertThat(output.aborted).isTrue();
    }
}
