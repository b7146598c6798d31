package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.spi.router.HttpRoute;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions that stay with their backend. */
class StickyTest {

    private static final byte[] KEY = new byte[32];

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture().with(builder -> builder.cookieKey(KEY));

    private final TestBackend a = switching("a");
    private final TestBackend b = switching("b");

    @BeforeEach
    void serve() {
        fixture.open(a);
        fixture.open(b);
        fixture.route(HttpRoute.to("app", "web").sticky().build()).backends("web", a.addr(), b.addr());
    }

    /** Says its name, or switches protocols when asked. */
    private static TestBackend switching(String name) {
        return TestBackend.answering((request, connection) -> {
            if (request.field("Upgrade").isPresent()) {
                connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\nX-Name: "
                        + name + "\r\n\r\n");
            } else {
                connection.respond(name, "X-Name: " + name);
            }
        });
    }

    private HttpMessage request(String... fields) throws IOException {
        try (TestClient client = TestClient.connect(fixture.router().httpAddress())) {
            return client.get("app", "/", fields).readHead();
        }
    }

    private static String name(HttpMessage response) {
        return response.field("X-Name").orElseThrow();
    }

    private static String cookie(HttpMessage response) {
        String value = response.field("Set-Cookie").orElseThrow();
        assertThat(value).matches("_backend=[A-Za-z0-9+/=]+; Path=/");
        return "Cookie: other=1; " + value.substring(0, value.indexOf(';')) + "; last=2";
    }

    @ParameterizedTest
    @ValueSource(strings = {"X: y", "Connection: upgrade\r\nUpgrade: x"})
    void theCookieBringsTheClientBackAndIsNotSentAgain(String fields) throws IOException {
        HttpMessage first = request(fields);
        String cookie = cookie(first);

        for (int i = 0; i < 10; i++) {
            HttpMessage next = request(fields, cookie);
            assertThat(name(next)).isEqualTo(name(first));
            assertThat(next.field("Set-Cookie")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"X: y", "Connection: upgrade\r\nUpgrade: x"})
    void whenItsBackendIsGoneTheClientGetsAnotherCookie(String fields) throws IOException {
        HttpMessage first = request(fields);
        TestBackend other = name(first).equals("a") ? b : a;
        fixture.backends("web", other.addr());

        HttpMessage second = request(fields, cookie(first));

        assertThat(name(second)).isNotEqualTo(name(first));
        HttpMessage third = request(fields, cookie(second));
        assertThat(name(third)).isEqualTo(name(second));
        assertThat(third.field("Set-Cookie")).isEmpty();
    }

    @Test
    void whenItsBackendRefusesTheClientGetsAnotherOne() throws IOException {
        HttpMessage first = request();
        (name(first).equals("a") ? a : b).close();

        HttpMessage second = request(cookie(first));

        assertThat(name(second)).isNotEqualTo(name(first));
        assertThat(second.field("Set-Cookie")).isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"_backend=", "_backend=nonsense", "_backend=%%%", "_backend=AAAA; _backend=BBBB", "backend=x"})
    void anUnreadableCookieIsNoCookie(String cookie) throws IOException {
        HttpMessage response = request("Cookie: " + cookie);

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.field("Set-Cookie")).isPresent();
    }

    @Test
    void routersWithTheSameKeyUnderstandEachOther() throws IOException {
        HttpMessage first = request();
        String cookie = cookie(first);

        try (NettyRouter other = NettyRouter.builder()
                        .listenIp("127.0.0.1")
                        .httpPort(0)
                        .cookieKey(KEY)
                        .table(fixture.table())
                        .build();
                TestClient client = TestClient.connect(other.httpAddress())) {
            HttpMessage next = client.get("app", "/", cookie).readResponse();
            assertThat(name(next)).isEqualTo(name(first));
            assertThat(next.field("Set-Cookie")).isEmpty();
        }
    }

    @Test
    void aRouteThatIsNotStickySetsNothing() throws IOException {
        fixture.route("plain", a);

        assertThat(fixture.get("plain", "/").field("Set-Cookie")).isEmpty();
    }
}
