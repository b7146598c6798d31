package dev.flynn.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ServerSentEventsTest {

    private static ServerSentEvents of(String text) {
        return new ServerSentEvents(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static List<String> all(String text) throws IOException {
        ServerSentEvents events = of(text);
        List<String> all = new ArrayList<>();
        for (Optional<String> item = events.next(); item.isPresent(); item = events.next()) {
            all.add(item.get());
        }
        return all;
    }

    @Test
    void readsItemsOfOneAndOfSeveralLines() throws IOException {
        assertThat(all("data: {\"a\":1}\n\ndata: {\"b\":\ndata: \"é\"}\n\n"))
                .containsExactly("{\"a\":1}", "{\"b\":\"é\"}");
    }

    @Test
    void keepAlivesAreNoItemsWithOrWithoutAnEmptyLine() throws IOException {
        assertThat(all(":\n:\ndata: 1\n\n:\n\n:\ndata: 2\n\n")).containsExactly("1", "2");
    }

    @Test
    void whatTheServerDidNotFinishIsNoItem() throws IOException {
        assertThat(all("data: 1\n\ndata: 2\n")).containsExactly("1");
    }

    @Test
    void anErrorItemIsAFailure() {
        assertThatThrownBy(() -> of("event: error\ndata: event stream buffer overflow\n\n")
                        .next())
                .isInstanceOf(FlynnException.class)
                .hasMessage("event stream buffer overflow");
    }
}
