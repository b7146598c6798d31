package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What two readers of HTTP might take for different things is refused, and no backend sees it. */
class MalformedRequestTest {

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    private final TestBackend backend = TestBackend.saying("hello");

    @BeforeEach
    void serve() {
        fixture.open(backend);
        fixture.route("app", backend);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
                "POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 5, 5\r\n\r\nhello",
                "GET / HTTP/1.1\rXHost: app\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: app\r\nContent-Length: +5\r\n\r\nhello",
                "POST / HTTP/1.1\r\nHost: app\r\nContent-Length: -1\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 0x5\r\n\r\nhello",
                "POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 9999999999999999999\r\n\r\nhello",
                "POST / HTTP/1.1\r\nHost: app\r\nContent-Length:\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.0\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: app\r\nX: a\r\n b\r\n\r\n",
                "GET / HTTP/1.1\r\n Host: app\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: app\nX: y\r\n\r\n",
                "GET / HTTP/1.1\nHost: app\n\n",
                "\nGET / HTTP/1.1\r\nHost: app\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: app\r\nX: a\rb\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: app\r\nX: a\0b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: app\r\nX : y\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: app\r\n: y\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: app\r\nno colon\r\n\r\n",
                "GET / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: app\r\nHost: app\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: app/x\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: user@app\r\n\r\n",
                "GET  / HTTP/1.1\r\nHost: app\r\n\r\n",
                "GET / x HTTP/1.1\r\nHost: app\r\n\r\n",
                "GET /\r\nHost: app\r\n\r\n",
                "GET / HTTP/1.11\r\nHost: app\r\n\r\n",
                "GET / http/1.1\r\nHost: app\r\n\r\n",
                "GET app HTTP/1.1\r\nHost: app\r\n\r\n",
                "G(T / HTTP/1.1\r\nHost: app\r\n\r\n",
                "\u0016\u0003\u0001\u0002\n"
            })
    void isRefused(String request) throws IOException {
        TestClient client = fixture.client();

        client.send(request + "GET / HTTP/1.1\r\nHost: app\r\n\r\n");

        HttpMessage response = client.readResponse();
        assertThat(response.startLine()).isEqualTo("HTTP/1.1 400 Bad Request");
        assertThat(response.field("Connection")).contains("close");
        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(backend.requests()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x\r\nhello\r\n0\r\n\r\n",
                "5\nhello\r\n0\r\n\r\n",
                "5\r\nhelloX\r\n0\r\n\r\n",
                "5\r\nhello\n0\r\n\r\n",
                "-5\r\nhello\r\n0\r\n\r\n",
                " 5\r\nhello\r\n0\r\n\r\n",
                "\r\nhello\r\n0\r\n\r\n",
                "0x5\r\nhello\r\n0\r\n\r\n",
                "FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n",
                "5;x\ny\r\nhello\r\n0\r\n\r\n",
                "0\r\nX: y\n\r\n",
                "0\r\n folded\r\n\r\n"
            })
    void soIsAMalformedChunk(String body) throws IOException {
        TestClient client = fixture.client();

        client.send("POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n" + body);

        assertThat(client.readResponse().status()).isEqualTo(400);
        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(backend.requests())
                .as("requests that arrived whole")
                .allMatch(request -> !request.text().equals("hello"));
    }

    @Test
    void aLaterVersionIsNotSpoken() throws IOException {
        TestClient client = fixture.client();

        client.send("GET / HTTP/3.0\r\nHost: app\r\n\r\n");

        assertThat(client.readResponse().startLine()).isEqualTo("HTTP/1.1 505 HTTP Version Not Supported");
    }

    @Test
    void tunnelsToOtherServersAreNotOffered() throws IOException {
        TestClient client = fixture.client();

        client.send("CONNECT app:443 HTTP/1.1\r\nHost: app:443\r\n\r\n");

        HttpMessage response = client.readResponse();
        assertThat(response.startLine()).isEqualTo("HTTP/1.1 501 Not Implemented");
        assertThat(response.text()).contains("does not connect to other servers");
        assertThat(client.isClosedByPeer()).isTrue();
    }

    @Test
    void emptyLinesBeforeARequestAreNoFault() throws IOException {
        TestClient client = fixture.client();

        client.send("\r\n\r\nGET / HTTP/1.1\r\nHost: app\r\n\r\n");

        assertThat(client.readResponse().text()).isEqualTo("hello");
    }

    @Test
    void anHttp10RequestWithoutAHostFindsNoRoute() throws IOException {
        TestClient client = fixture.client();

        client.send("GET / HTTP/1.0\r\n\r\n");

        assertThat(client.readResponse().status()).isEqualTo(404);
    }

    @Test
    void aHeadMayArriveByteByByte() throws IOException {
        TestClient client = fixture.client();

        for (char c : "GET /slow HTTP/1.1\r\nHost: app\r\nX-A: b\r\n\r\n".toCharArray()) {
            client.send(String.valueOf(c));
        }

        assertThat(client.readResponse().text()).isEqualTo("hello");
        assertThat(backend.lastRequest().target()).isEqualTo("/slow");
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        TestBackend echo = fixture.open(
                TestBackend.answering((request, connection) -> connection.respond(request.target() + request.text())));
        fixture.backends("app", echo.addr());
        TestClient client = fixture.client();

        client.send("GET /1 HTTP/1.1\r\nHost: app\r\n\r\n"
                + "POST /2 HTTP/1.1\r\nHost: app\r\nContent-Length: 4\r\n\r\nbody"
                + "GET /3 HTTP/1.1\r\nHost: nowhere\r\n\r\n"
                + "POST /4 HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n1;ext=\"x\"\r\nc\r\n0\r\nTrailer: x\r\n\r\n"
                + "GET /5 HTTP/1.1\r\nHost: app\r\n\r\n");

        assertThat(client.readResponse().text()).isEqualTo("/1");
        assertThat(client.readResponse().text()).isEqualTo("/2body");
        assertThat(client.readResponse().status()).isEqualTo(404);
        assertThat(client.readResponse().text()).isEqualTo("/4c");
        assertThat(client.readResponse().text()).isEqualTo("/5");
    }
}
