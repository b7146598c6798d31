package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.base.KeyPassword;
import dev.flynn.json.FlynnJson;
import dev.flynn.router.program.RunningRouter;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Follows the events of a router. */
final class EventReader implements Closeable {

    private static final FlynnJson JSON = new FlynnJson();

    private final TestClient client;

    /** @param query with its question mark, or nothing */
    EventReader(RunningRouter router, String query) throws IOException {
        client = TestClient.connect(router.apiAddress());
        HttpMessage head = client.get(
                        "router", "/events" + query, "Authorization: " + KeyPassword.authorization(ProgramFixture.KEY))
                .readHead();
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.field("Content-Type")).contains("text/event-stream; charset=utf-8");
    }

    /** The next event; each comes in a chunk of its own. */
    JsonNode next() throws IOException {
        String item = new String(HttpMessage.readChunk(client.in()), StandardCharsets.UTF_8);
        assertThat(item).startsWith("data: ").endsWith("}\n\n");
        return JSON.readTree(item.substring("data: ".length()));
    }

    /** The type of the next event and what it is about: a route's domain or port, or a backend's address. */
    String nextInShort() throws IOException {
        JsonNode event = next();
        JsonNode route = event.path("route");
        String what = route.isMissingNode()
                ? event.path("backend").path("addr").asText()
                : route.path("domain").asText(route.path("port").asText());
        return event.path("event").asText() + " " + what;
    }

    @Override
    public void close() throws IOException {
        client.close();
    }
}
