package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.spi.router.HttpRoute;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which service a request reaches, and what it gets when there is none. */
class RoutingTest {

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    private TestBackend backend(String name) {
        return fixture.open(TestBackend.saying(name));
    }

    @Test
    void aRouteIsServedFromTheFirstRequestOn() throws IOException {
        fixture.route("app.example.org", backend("hello"));

        HttpMessage response = fixture.get("app.example.org", "/");

        assertThat(response.startLine()).isEqualTo("HTTP/1.1 200 OK");
        assertThat(response.text()).isEqualTo("hello");
    }

    @Test
    void anUnknownHostIsNotFound() throws IOException {
        fixture.route("app.example.org", backend("hello"));

        HttpMessage response = fixture.get("other.example.org", "/");

        assertThat(response.startLine()).isEqualTo("HTTP/1.1 404 Not Found");
        assertThat(response.text()).isEqualTo("Not Found\n");
        assertThat(response.field("Content-Length")).contains("10");
    }

    @Test
    void aServiceWithoutInstancesIsUnavailable() throws IOException {
        fixture.route("app.example.org");

        HttpMessage response = fixture.get("app.example.org", "/");

        assertThat(response.startLine()).isEqualTo("HTTP/1.1 503 Service Unavailable");
        assertThat(response.text()).isEqualTo("Service Unavailable\n");
    }

    @Test
    void browsersGetAPage() throws IOException {
        fixture.router();

        HttpMessage response = fixture.get("app.example.org", "/", "Accept: text/html,application/xhtml+xml");

        assertThat(response.status()).isEqualTo(404);
        assertThat(response.field("Content-Type")).contains("text/html; charset=utf-8");
        assertThat(response.text()).contains("<h1>Not Found</h1>");
    }

    @Test
    void aHeadRequestGetsNoBodyWithAnError() throws IOException {
        TestClient client = fixture.client();

        client.send("HEAD / HTTP/1.1\r\nHost: nowhere\r\n\r\n");

        assertThat(client.readHead().field("Content-Length")).contains("10");
        client.get("nowhere", "/");
        assertThat(client.readResponse().startLine()).isEqualTo("HTTP/1.1 404 Not Found");
    }

    @ParameterizedTest
    @ValueSource(strings = {"APP.example.org", "app.Example.ORG", "app.example.org:8080", "App.example.org:80"})
    void theLetterCaseAndThePortOfAHostDoNotMatter(String host) throws IOException {
        fixture.route("aPP.exAMple.org", backend("hello"));

        assertThat(fixture.get(host, "/").text()).isEqualTo("hello");
    }

    @ParameterizedTest
    @CsvSource({
        "foo.bar, exact",
        "dev.foo.bar, dev",
        "other.foo.bar, wildcard",
        "a.b.foo.bar, wildcard",
        "x.dev.foo.bar, wildcard",
        "four.levels.below.this.foo.bar, wildcard",
        "five.levels.are.below.this.foo.bar, 404"
    })
    void anExactDomainGoesBeforeAWildcard(String host, String expected) throws IOException {
        fixture.route("*.foo.bar", backend("wildcard"));
        fixture.route("foo.bar", backend("exact"));
        fixture.route("dev.foo.bar", backend("dev"));

        HttpMessage response = fixture.get(host, "/");

        assertThat(response.status() == 404 ? "404" : response.text()).isEqualTo(expected);
    }

    @Test
    void aWildcardServesItsOwnSuffixToo() throws IOException {
        fixture.route("*.foo.bar", backend("wildcard"));

        assertThat(fixture.get("foo.bar", "/").text()).isEqualTo("wildcard");
    }

    @Test
    void theLongestWildcardWinsAndTheCatchAllLosesAgainstAll() throws IOException {
        fixture.route("*", backend("all"));
        fixture.route("*.bar", backend("bar"));
        fixture.route("*.foo.bar", backend("foo"));

        assertThat(fixture.get("a.foo.bar", "/").text()).isEqualTo("foo");
        assertThat(fixture.get("a.baz.bar", "/").text()).isEqualTo("bar");
        assertThat(fixture.get("elsewhere", "/").text()).isEqualTo("all");
    }

    @ParameterizedTest
    @CsvSource({
        "/, root",
        "/ab, ab",
        "/ab/, ab",
        "/ab/x, ab",
        "/ab?x=/cd, ab",
        "//ab//x, ab",
        "/%61b/, ab",
        "/abc, root",
        "/ab/cd, cd",
        "/ab/cd/e/f, cd",
        "/x/ab, root",
        "/?/ab/, root"
    })
    void theDeepestPathOfWholeSegmentsWins(String target, String expected) throws IOException {
        fixture.route("app", backend("root"));
        fixture.route("app", "/ab/", "ab").backends("ab", backend("ab").addr());
        fixture.route("app", "/ab/cd/", "cd").backends("cd", backend("cd").addr());

        assertThat(fixture.get("app", target).text()).isEqualTo(expected);
    }

    @Test
    void aPathWithoutARootServesNothingElse() throws IOException {
        fixture.route("app", "/ab/", "ab").backends("ab", backend("ab").addr());

        assertThat(fixture.get("app", "/ab/").text()).isEqualTo("ab");
        assertThat(fixture.get("app", "/").status()).isEqualTo(404);
    }

    @Test
    void onlyTheLeaderServesARouteThatAsksForIt() throws IOException {
        TestBackend follower = backend("follower");
        TestBackend leader = backend("leader");
        fixture.route(HttpRoute.to("app", "db").leaderOnly().build());
        fixture.backends("db", leader.addr(), follower.addr());

        assertThat(fixture.get("app", "/").text()).isEqualTo("leader");
        assertThat(fixture.get("app", "/").text()).isEqualTo("leader");

        fixture.backends("db", follower.addr(), leader.addr());
        assertThat(fixture.get("app", "/").text()).isEqualTo("follower");
    }

    @Test
    void oneConnectionReachesTheServicesOfTwoHosts() throws IOException {
        fixture.route("one", backend("1"));
        fixture.route("two", backend("2"));
        TestClient client = fixture.client();

        assertThat(client.get("one", "/").readResponse().text()).isEqualTo("1");
        assertThat(client.get("two", "/").readResponse().text()).isEqualTo("2");
        assertThat(client.get("one", "/").readResponse().text()).isEqualTo("1");
    }

    @Test
    void aChangedTableIsFollowed() throws IOException {
        fixture.route("app", backend("old"));
        assertThat(fixture.get("app", "/").text()).isEqualTo("old");

        fixture.backends("app", backend("new").addr());
        assertThat(fixture.get("app", "/").text()).isEqualTo("new");

        fixture.removeRoutes("app");
        assertThat(fixture.get("app", "/").status()).isEqualTo(404);
    }

    @Test
    void idleBackendsTakeTurns() throws IOException {
        fixture.route("app", backend("a"), backend("b"), backend("c"));

        String answers = fixture.get("app", "/").text()
                + fixture.get("app", "/").text()
                + fixture.get("app", "/").text();

        assertThat(answers.chars().distinct().count()).isEqualTo(3);
    }
}
