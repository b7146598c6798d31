package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class SinksTest {

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

    private JsonNode addSink(String url) {
        return controller
                .post("/sinks", "{\"kind\":\"syslog\",\"config\":{\"url\":\"%s\"}}".formatted(url))
                .ok();
    }

    @Test
    void aSinkIsMadeListedAndDeletedWithItsEvents() {
        JsonNode sink = addSink("syslog+tls://logs.example.org:6514");

        assertThat(sink.get("kind").asText()).isEqualTo("syslog");
        assertThat(sink.at("/config/url").asText()).isEqualTo("syslog+tls://logs.example.org:6514");
        String path = "/sinks/" + sink.get("id").asText();
        assertThat(controller.get(path).ok()).isEqualTo(sink);
        assertThat(controller.get("/sinks").ok()).hasSize(1);
        assertThat(controller.delete(path).ok()).isEqualTo(sink);
        assertThat(controller.get(path).status()).isEqualTo(404);
        assertThat(controller.delete(path).status()).isEqualTo(404);
        assertThat(controller
                        .get("/events?object_types=sink,sink_deletion", "Accept", "application/json")
                        .ok()
                        .findValuesAsText("object_type"))
                .containsExactly("sink_deletion", "sink");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'kind':'logaggregator'} | kind",
                "{'kind':'syslog','config':{'url':'http://x'}} | config.url",
                "{'kind':'syslog','config':{'url':'syslog:nowhere'}} | config.url",
                "{'kind':'syslog','config':{'url':'syslog://x','format':'prefixed_newline'}} | config.format",
                "{'kind':'syslog','config':{'url':'syslog://x','template':'t'}} | config.template",
                "{'kind':'syslog','config':{'url':'syslog+tls://x','insecure':true}} | config.insecure"
            })
    void whatHostsCannotDoIsRefused(String body, String field) {
        var answer = controller.post("/sinks", body.replace('\'', '"'));

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().at("/detail/field").asText()).isEqualTo(field);
    }

    @Test
    void theStreamTellsWhatIsThereAndWhatChanges() throws Exception {
        String first = addSink("syslog://one").get("id").asText();
        try (TestStream stream = controller.stream("/sinks", "Accept", "text/event-stream")) {
            assertThat(stream.data()).contains(first, "syslog://one");
            String second = addSink("syslog://two").get("id").asText();
            assertThat(stream.data()).contains(second);
            controller.delete("/sinks/" + first).ok();
            assertThat(stream.data()).isEqualTo("{\"id\":\"%s\"}".formatted(first));
        }
        try (TestStream stream =
                controller.stream("/sinks?since=2100-01-01T00:00:00Z", "Accept", "text/event-stream")) {
            String third = addSink("syslog://three").get("id").asText();
            assertThat(stream.data()).contains(third);
        }
    }
}
