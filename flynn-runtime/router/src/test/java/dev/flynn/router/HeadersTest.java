package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the router passes on, adds and leaves out of heads, both ways. */
class HeadersTest {

    private static final String UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    private final TestBackend backend = TestBackend.saying("hello");

    @BeforeEach
    void serve() {
        fixture.open(backend);
        fixture.route("app", backend);
    }

    @Test
    void aBackendLearnsWhereTheRequestCameFrom() throws IOException {
        long before = System.currentTimeMillis();

        fixture.get("app", "/");

        HttpMessage seen = backend.lastRequest();
        assertThat(seen.field("X-Forwarded-For")).contains("127.0.0.1");
        assertThat(seen.field("X-Forwarded-Proto")).contains("http");
        assertThat(seen.field("X-Forwarded-Port"))
                .contains(Integer.toString(fixture.router().httpAddress().getPort()));
        assertThat(seen.field("X-Request-Id").orElseThrow()).matches(UUID);
        String start = seen.field("X-Request-Start").orElseThrow();
        assertThat(start).hasSize(13);
        assertThat(Long.parseLong(start)).isBetween(before, System.currentTimeMillis());
    }

    @Test
    void everyRequestGetsAnIdOfItsOwn() throws IOException {
        fixture.get("app", "/");
        fixture.get("app", "/");

        assertThat(backend.requests().get(0).field("X-Request-Id"))
                .isNotEqualTo(backend.requests().get(1).field("X-Request-Id"));
    }

    @Test
    void whatEarlierProxiesSaidIsExtended() throws IOException {
        fixture.get(
                "app",
                "/",
                "X-Forwarded-For: 192.168.0.1, 10.0.0.1",
                "x-forwarded-for: 10.0.0.2",
                "X-Forwarded-Proto: https",
                "X-Forwarded-Port: 8443",
                "X-Request-Start: 5");

        HttpMessage seen = backend.lastRequest();
        assertThat(seen.all("X-Forwarded-For")).containsExactly("192.168.0.1, 10.0.0.1, 10.0.0.2, 127.0.0.1");
        assertThat(seen.all("X-Forwarded-Proto")).containsExactly("https, http");
        assertThat(seen.all("X-Forwarded-Port"))
                .containsExactly("8443, " + fixture.router().httpAddress().getPort());
        assertThat(seen.all("X-Request-Start")).hasSize(1).allMatch(value -> value.length() == 13);
    }

    @ParameterizedTest
    @ValueSource(strings = {"12345678901234567890", "abc-ABC+123/456=abcdefgh"})
    void aWellFormedRequestIdIsKept(String id) throws IOException {
        fixture.get("app", "/", "X-Request-Id: " + id);
        fixture.get("app", "/", "X-Request-Id: " + "i".repeat(200));

        assertThat(backend.requests().get(0).all("X-Request-Id")).containsExactly(id);
        assertThat(backend.requests().get(1).all("X-Request-Id")).containsExactly("i".repeat(200));
    }

    @Test
    void aMalformedRequestIdIsReplaced() throws IOException {
        for (String id : List.of(
                "short", "1".repeat(19), "1".repeat(201), "has blanks has blanks has", "odd_odd_odd_odd_odd_odd")) {
            fixture.get("app", "/", "X-Request-Id: " + id);

            assertThat(backend.lastRequest().all("X-Request-Id")).hasSize(1).allMatch(value -> value.matches(UUID));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/%2f/%2F%20/a+b", "/?a=b%20c&d", "/a?x=/../y#z", "//double//slash", "/é"})
    void theTargetArrivesUnchanged(String target) throws IOException {
        fixture.get("app", target);

        assertThat(backend.lastRequest().target()).isEqualTo(target);
    }

    @Test
    void theHostArrivesAsItWasSent() throws IOException {
        fixture.get("App:8080", "/");

        assertThat(backend.lastRequest().all("Host")).containsExactly("App:8080");
    }

    @ParameterizedTest
    @CsvSource({
        "http://app/x?y=1, /x?y=1, app",
        "HTTP://APP:80/, /, APP:80",
        "https://app, /, app",
        "http://app?x, /?x, app"
    })
    void anAbsoluteTargetBecomesAPathAndAHost(String target, String path, String host) throws IOException {
        assertThat(fixture.get("ignored", target).text()).isEqualTo("hello");

        assertThat(backend.lastRequest().target()).isEqualTo(path);
        assertThat(backend.lastRequest().all("Host")).containsExactly(host);
    }

    @Test
    void proxyCredentialsPassBothWays() throws IOException {
        TestBackend asking = fixture.open(TestBackend.answering(
                (request, connection) -> connection.respond("", "Proxy-Authenticate: Basic realm=x")));
        fixture.backends("app", asking.addr());

        HttpMessage response = fixture.get("app", "/", "Proxy-Authorization: Basic Zm9vOmJhcg==");

        assertThat(asking.lastRequest().field("Proxy-Authorization")).contains("Basic Zm9vOmJhcg==");
        assertThat(response.field("Proxy-Authenticate")).contains("Basic realm=x");
    }

    @Test
    void theWishToCloseIsTheClientsAffair() throws IOException {
        TestClient client = fixture.client();

        HttpMessage response = client.get("app", "/", "Connection: close").readResponse();

        assertThat(response.field("Connection")).contains("close");
        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(backend.lastRequest().field("Connection")).isEmpty();
    }

    @Test
    void anHttp10ClientIsClosedUnlessItAsksOtherwise() throws IOException {
        TestClient closing = fixture.client();
        closing.send("GET / HTTP/1.0\r\nHost: app\r\n\r\n");
        assertThat(closing.readResponse().field("Connection")).contains("close");
        assertThat(closing.isClosedByPeer()).isTrue();
        assertThat(backend.lastRequest().startLine()).isEqualTo("GET / HTTP/1.1");

        TestClient keeping = fixture.client();
        keeping.send("GET / HTTP/1.0\r\nHost: app\r\nConnection: Keep-Alive\r\n\r\n");
        assertThat(keeping.readResponse().field("Connection")).contains("keep-alive");
        keeping.send("GET / HTTP/1.0\r\nHost: app\r\n\r\n");
        assertThat(keeping.readResponse().text()).isEqualTo("hello");
    }

    /** The contract's table: the value of {@code Connection}, and which of the fields below do not pass. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                            | Upgrade",
                "keep-alive                    | Upgrade Keep-Alive",
                "X-Custom                      | Upgrade X-Custom",
                "'X-Custom, , keep-alive ,X-2' | Upgrade X-Custom Keep-Alive X-2",
                "upgrade                       | ''",
                "'X-Custom, upGrade,X-2'       | ''"
            })
    void theConnectionFieldDecidesWhatIsForTheNextHopOnly(String connectionValue, String dropped) throws IOException {
        List<String> fields =
                new ArrayList<>(List.of("Keep-Alive: timeout=5", "Upgrade: foo", "X-Custom: 1", "X-2: 2"));
        if (!connectionValue.isEmpty()) {
            fields.add("Connection: " + connectionValue);
        }
        TestBackend mirror = fixture.open(TestBackend.running(connection -> {
            connection.readHead().withBody(connection.in());
            connection.send("HTTP/1.1 200 OK\r\n" + String.join("\r\n", fields)
                    + "\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
        }));
        fixture.backends("app", mirror.addr());
        TestClient client = fixture.client();
        client.send("POST / HTTP/1.1\r\nHost: app\r\n" + String.join("\r\n", fields)
                + "\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\r\n0\r\n\r\n");

        HttpMessage response = client.readResponse();

        boolean upgrade = connectionValue.toLowerCase(Locale.ROOT).contains("upgrade");
        for (HttpMessage message : List.of(mirror.lastRequest(), response)) {
            for (String field : fields) {
                String name = field.substring(0, field.indexOf(':'));
                boolean passes = name.equals("Connection")
                        ? upgrade
                        : !List.of(dropped.split(" ")).contains(name);
                assertThat(message.fields().contains(field))
                        .as(field + " in " + message)
                        .isEqualTo(passes);
            }
            assertThat(message.field("TE")).isEmpty();
            assertThat(message.all("Transfer-Encoding")).containsExactly("chunked");
        }
        assertThat(response.text()).isEqualTo("hi");
    }

    @Test
    void whatFramesAMessageCannotBeNamedAway() throws IOException {
        TestClient client = fixture.client();

        HttpMessage response = client.post("app", "/", "body", "Connection: content-length, host, transfer-encoding")
                .readResponse();

        assertThat(response.text()).isEqualTo("hello");
        assertThat(backend.lastRequest().field("Content-Length")).contains("4");
        assertThat(backend.lastRequest().field("Host")).contains("app");
    }

    @Test
    void aLongHeadPassesAndATooLongOneIsRefused() throws IOException {
        String value = "v".repeat(30_000);
        assertThat(fixture.get("app", "/", "X-Long: " + value).status()).isEqualTo(200);
        assertThat(backend.lastRequest().field("X-Long")).contains(value);

        assertThat(fixture.get("app", "/", "X-Long: " + "v".repeat(70_000)).status())
                .isEqualTo(431);
    }

    @Test
    void aResponseKeepsItsFieldsInOrder() throws IOException {
        TestBackend setting = fixture.open(TestBackend.answering((request, connection) ->
                connection.respond("", "Set-Cookie: a=1", "Server: x", "Set-Cookie: b=2", "X-Odd:  spaced  ")));
        fixture.backends("app", setting.addr());

        HttpMessage response = fixture.get("app", "/");

        assertThat(response.fields())
                .containsExactly(
                        "Set-Cookie: a=1", "Server: x", "Set-Cookie: b=2", "X-Odd:  spaced  ", "Content-Length: 0");
    }
}
