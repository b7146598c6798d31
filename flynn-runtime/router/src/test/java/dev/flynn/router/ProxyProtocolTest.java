package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections through a load balancer that tells who the client is. */
class ProxyProtocolTest {

    private static final String REQUEST = "GET / HTTP/1.1\r\nHost: app\r\n\r\n";
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture()
            .with(builder ->
                    builder.proxyProtocol(true).httpsPort(0).defaultCertificate(TestCertificates.named("app")));

    private final TestBackend backend = TestBackend.saying("hello");

    @BeforeEach
    void serve() {
        fixture.open(backend);
        fixture.route("app", backend);
    }

    @ParameterizedTest
    @CsvSource({
        "PROXY TCP4 192.0.2.7 192.0.2.1 4711 80, 192.0.2.7",
        "PROXY TCP6 2001:db8::7 2001:db8::1 4711 80, 2001:db8:0:0:0:0:0:7",
        "PROXY UNKNOWN, 127.0.0.1",
        "PROXY UNKNOWN ffff::1 ffff::2 1 2, 127.0.0.1"
    })
    void aLineTellsTheClient(String line, String client) throws IOException {
        TestClient connection = fixture.client();

        connection.send(line + "\r\n" + REQUEST).readResponse();
        connection.send(REQUEST).readResponse();

        assertThat(backend.requests())
                .hasSize(2)
                .allMatch(request ->
                        request.field("X-Forwarded-For").orElseThrow().equals(client));
    }

    @ParameterizedTest
    @CsvSource({
        "2111000cc0000207c000020112670050, 192.0.2.7",
        "21110013c0000207c000020112670050010004abcdef01, 192.0.2.7",
        "2121002420010db8000000000000000000000007 20010db8000000000000000000000001 12670050, 2001:db8:0:0:0:0:0:7",
        "20000000, 127.0.0.1",
        "21000000, 127.0.0.1",
        "2131000300aabb, 127.0.0.1"
    })
    void soDoesABinaryHeader(String hex, String client) throws IOException {
        byte[] header = ByteBufUtil.decodeHexDump(SIGNATURE + hex.replace(" ", ""));
        TestClient connection = fixture.client();

        connection
                .send(new String(header, StandardCharsets.ISO_8859_1) + REQUEST)
                .readResponse();

        assertThat(backend.lastRequest().field("X-Forwarded-For")).contains(client);
    }

    @Test
    void noHeaderIsFine() throws IOException {
        assertThat(fixture.get("app", "/").text()).isEqualTo("hello");
        assertThat(backend.lastRequest().field("X-Forwarded-For")).contains("127.0.0.1");
    }

    @Test
    void aHeaderMayArriveByteByByte() throws IOException {
        TestClient connection = fixture.client();
        for (char c : ("PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\n" + REQUEST).toCharArray()) {
            connection.send(String.valueOf(c));
        }

        assertThat(connection.readResponse().text()).isEqualTo("hello");
        assertThat(backend.lastRequest().field("X-Forwarded-For")).contains("192.0.2.7");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PROXY TCP4 192.0.2.7 192.0.2.1 4711\r\n",
                "PROXY TCP4 192.0.2.7 192.0.2.1 4711 80 90\r\n",
                "PROXY TCP4 192.0.2.777 192.0.2.1 4711 80\r\n",
                "PROXY TCP4 example.org 192.0.2.1 4711 80\r\n",
                "PROXY TCP4 192.0.2.7 192.0.2.1 70000 80\r\n",
                "PROXY TCP4 192.0.2.7 192.0.2.1 +1 80\r\n",
                "PROXY TCP6 192.0.2.7 192.0.2.1 4711 80\r\n",
                "PROXY UDP4 192.0.2.7 192.0.2.1 4711 80\r\n",
                "PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\n",
                "PROXY \r\n",
                "PROXY TCP4 1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111",
                "\r\n\r\n\0\r\nQUIT\n\u0031\u0011\0\u000c192.0.2.7 12",
                "\r\n\r\n\0\r\nQUIT\n\u0021\u0011\0\u0003abc",
                "\r\n\r\n\0\r\nQUIT\n\u0021\u0011\u00ff\u00ffabc"
            })
    void aMalformedHeaderClosesTheConnection(String header) throws IOException {
        TestClient connection = fixture.client();

        connection.send(header + REQUEST);

        assertThat(isClosed(connection)).isTrue();
        assertThat(backend.requests()).isEmpty();
    }

    @Test
    void aHeaderComesBeforeTls() throws Exception {
        TestClient plain = fixture.closing(
                TestClient.connect(fixture.router().httpsAddress().orElseThrow()));
        plain.send("PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n");
        var socket = (SSLSocket)
                TestCertificates.trustingEveryone().getSocketFactory().createSocket(plain.socket(), "app", 443, true);

        assertThat(new TestClient(socket).send(REQUEST).readResponse().text()).isEqualTo("hello");
        assertThat(backend.lastRequest().field("X-Forwarded-For")).contains("192.0.2.7");
        assertThat(backend.lastRequest().field("X-Forwarded-Proto")).contains("https");
    }

    @Test
    void aClientOfHttp2IsToldToo() throws IOException {
        TestClient plain = fixture.client();
        plain.send("PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\n");
        Http2TestClient client = Http2TestClient.over(plain.socket());

        assertThat(client.readResponse(client.get("app", "/")).body()).isEqualTo("hello");
        assertThat(backend.lastRequest().field("X-Forwarded-For")).contains("192.0.2.7");
    }

    private static boolean isClosed(TestClient connection) {
        try {
            return connection.isClosedByPeer();
        } catch (SocketTimeoutException open) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }
}
