package dev.flynn.tck.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Bytes as they are on the wire. */
class WireFormatsTest {

    private static ByteArrayInputStream bytes(String text) {
        return new ByteArrayInputStream(text.getBytes(ISO_8859_1));
    }

    private static String body(String answer) throws IOException {
        ByteArrayInputStream in = bytes(answer);
        Head head = Head.read(in);
        return new String(head.body(in, "GET").readAllBytes(), ISO_8859_1);
    }

    @Test
    void bodiesEndWhereTheySay() throws IOException {
        assertThat(body("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc")).isEqualTo("ab");
        assertThat(body("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\n\r\nrest"))
                .isEqualTo("abc");
        assertThat(body("HTTP/1.1 200 OK\r\n\r\nto the end")).isEqualTo("to the end");
    }

    @Test
    void aBodyThatIsShorterThanItSaysIsNone() {
        assertThatThrownBy(() -> body("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc"))
                .hasMessageContaining("1 bytes before");
        assertThatThrownBy(() -> body("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"))
                .hasMessageContaining("within a chunk");
    }

    @Test
    void framesAreThoseOfTheContract() throws IOException {
        var in = new DataInputStream(new ByteArrayInputStream(new byte[] {
            3, 1, 0, 0, 0, 6, 'h', 'e', 'l', 'l', 'o', '\n', 3, 2, 0, 0, 0, 0, 5, 0, 0, 0, 7, 2, 0, 0, 0, 2, 'n', 'o', 9
        }));
        assertThat(((Frame.Data) Frame.read(in)).text()).isEqualTo("hello\n");
        assertThat(((Frame.Data) Frame.read(in)).isEnd()).isTrue();
        assertThat(Frame.read(in)).isEqualTo(new Frame.Exit(7));
        assertThat(Frame.read(in)).isEqualTo(new Frame.Error("no"));
        assertThat(Frame.read(in)).isEqualTo(new Frame.Unknown(9));
        assertThat(Frame.data(Frame.STDIN, "")).containsExactly(3, 0, 0, 0, 0, 0);
        assertThat(Frame.signal(15)).containsExactly(4, 0, 0, 0, 15);
        assertThat(Frame.resize(40, 120)).containsExactly(6, 0, 40, 0, 120);
    }

    @Test
    void secretsAreBlotted() {
        var blotter = new Blotter("s/e+c");
        var request = Request.of("GET", "/events?key=s%2Fe%2Bc").with("Authorization", WireClient.basic("s/e+c"));
        var response = new Response(
                200,
                Headers.none(),
                Json.write(Map.of("PGPASSWORD", "hidden", "a", "s/e+c", "k", "-----BEGIN RSA PRIVATE KEY-----\nabc"))
                        .getBytes(ISO_8859_1));
        String told = String.join("\n", blotter.transcript(List.of(new Exchange(request, Optional.of(response), ""))));

        assertThat(told)
                .contains("key=***", "Authorization: Basic ***", "\"PGPASSWORD\":\"***\"")
                .doesNotContain("s/e+c", "hidden", "nabc");
    }

    @Test
    void timesHaveNoTrailingZeros() throws IOException {
        assertThat(Expect.time(Json.read("{\"at\":\"2015-12-14T17:06:40.12Z\"}"), "at"))
                .isEqualTo("2015-12-14T17:06:40.12Z");
        assertThat(Expect.time(Json.read("{\"at\":\"2015-12-14T17:06:40Z\"}"), "at"))
                .isEqualTo("2015-12-14T17:06:40Z");
        for (String wrong : List.of("2015-12-14T17:06:40.120Z", "2015-12-14T17:06:40+01:00", "yesterday")) {
            assertThatThrownBy(() -> Expect.time(Json.read("{\"at\":\"%s\"}".formatted(wrong)), "at"))
                    .isInstanceOf(ContractBroken.class);
        }
    }

    @Test
    void namesOfAllChecksAreDifferentAndTellTheirSection() {
        List<Check> checks = Catalogue.whole();
        assertThat(checks.stream().map(Check::id)).doesNotHaveDuplicates();
        assertThat(checks).allSatisfy(check -> {
            assertThat(check.section()).matches("§\\d+(\\.\\d+)?");
            assertThat(check.endpoint().section()).matches("§\\d+(\\.\\d+)?");
            assertThat(check.id()).matches("[a-z/-]+/[a-zA-Z0-9-]+");
            assertThat(check.says()).isNotBlank();
        });
    }
}
