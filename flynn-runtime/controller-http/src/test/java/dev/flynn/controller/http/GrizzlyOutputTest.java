package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GrizzlyOutputTest {

    @Test
    void aChunkBeginsWithItsLengthInHexadecimalDigits() {
        byte[] bytes = "x".repeat(300).getBytes(StandardCharsets.US_ASCII);

        assertThat(new String(GrizzlyOutput.chunk(bytes), StandardCharsets.US_ASCII))
                .isEqualTo("12c\r\n" + "x".repeat(300) + "\r\n");
    }

    /** The bytes of a connection as they are, so that what is not in a chunk shows. */
    @Test
    void aStreamIsAResponseInChunksUpToItsEnd(@TempDir Path directory) throws IOException {
        try (TestController controller = TestController.start(directory);
                var client = new RawClient(controller.port())) {
            client.send(
                    "GET /events?object_types=app HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: %s\r\n\r\n"
                            .formatted(TestController.authorization(TestController.KEY)));
            assertThat(client.head()).containsIgnoringCase("Transfer-Encoding: chunked");
            controller.createApp("first");
            String first = client.chunk();
            controller.createApp("second");
            String second = client.chunk();
            controller.endStreams();

            assertThat(first).startsWith("data: {").contains("\"first\"").endsWith("\n\n");
            assertThat(second).startsWith("data: {").contains("\"second\"").endsWith("\n\n");
            assertThat(client.chunk()).isEmpty();
        }
    }

    @Test
    void aClientThatKnowsNoChunksGetsTheItemsAlone(@TempDir Path directory) throws IOException {
        try (TestController controller = TestController.start(directory);
                var client = new RawClient(controller.port())) {
            client.send(
                    "GET /events?object_types=app HTTP/1.0\r\nAccept: text/event-stream\r\nAuthorization: %s\r\n\r\n"
                            .formatted(TestController.authorization(TestController.KEY)));
            assertThat(client.head()).doesNotContainIgnoringCase("chunked");
            controller.createApp("first");

            assertThat(client.line()).startsWith("data: {").contains("\"first\"");
        }
    }
}
