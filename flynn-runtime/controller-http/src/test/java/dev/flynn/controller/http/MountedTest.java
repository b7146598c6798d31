package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.controller.http.TestController.Answer;
import dev.flynn.spi.auth.Principal;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class MountedTest {

    @TempDir
    Path directory;

    private TestController controller;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
        HostApplication.mount(controller);
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    private HttpResponse<String> own(String method, String path, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + controller.port() + path))
                .timeout(Duration.ofSeconds(20))
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .build()
                .send(request, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void theOtherResourcesKeepTheirBodiesFailuresAndFilters() throws Exception {
        HttpResponse<String> order = own("GET", "/orders", "");
        assertThat(order.statusCode()).isEqualTo(200);
        assertThat(order.body()).isEqualTo("own:Order[text=coffee]");
        assertThat(order.headers().firstValue("X-Own")).hasValue("yes");
        assertThat(own("POST", "/orders", "tea").body()).isEqualTo("own:Order[text=two of tea]");

        HttpResponse<String> failing = own("GET", "/orders/failing", "");
        assertThat(failing.statusCode()).isEqualTo(418);
        assertThat(failing.body()).isEqualTo("own:sold out");
    }

    @ParameterizedTest
    @CsvSource({"GET,/apps,418", "GET,/flynnish/apps,418", "GET,/ping,418", "DELETE,/orders,418", "OPTIONS,/orders,200"
    })
    void whatIsNotBelowThePathIsNotOurs(String method, String path, int status) throws Exception {
        HttpResponse<String> answer = own(method, path, "");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.headers().firstValue("X-Own")).hasValue("yes");
    }

    @Test
    void pingIsOpenForEveryMethod() {
        for (String method : new String[] {"GET", "POST", "DELETE", "PATCH"}) {
            Answer answer = controller.sendBare(method, "/ping", "");

            assertThat(answer.status()).as(method).isEqualTo(200);
            assertThat(answer.body()).as(method).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "/apps", "/.well-known/status", "/nothing", "/events"})
    void everythingElseIsAnEmpty401WithoutAChallenge(String path) {
        Answer answer = controller.sendBare("GET", path, "");

        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.body()).isEmpty();
        assertThat(answer.header("WWW-Authenticate")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"GET,/nothing", "PATCH,/apps", "DELETE,/apps", "HEAD,/apps", "OPTIONS,/apps", "POST,/keys"})
    void whatDoesNotExistIsAPlainPageWhateverTheMethod(String method, String path) {
        Answer answer = controller.send(method, path, "");

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.header("Content-Type")).isEqualToIgnoringWhitespace("text/plain;charset=utf-8");
        if (!method.equals("HEAD")) {
            assertThat(answer.body()).isEqualTo("404 page not found\n");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET,/apps/,301,/flynn/apps",
        "GET,/apps/ledger/Release/,301,/flynn/apps/ledger/release",
        "GET,/events/?count=3,301,/flynn/events?count=3",
        "PUT,/apps/Ledger/RELEASE,307,/flynn/apps/Ledger/release"
    })
    void aSlashTooManyAndTheCaseOfLettersAreRedirected(String method, String path, int status, String location) {
        Answer answer = controller.send(method, path, "");

        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.header("Location")).endsWith(location);
    }

    @Test
    void aRequestWithAnOriginIsAnsweredForThatOrigin() {
        Answer preflight = controller.sendBare("OPTIONS", "/apps", "", "Origin", "https://dashboard.example");

        assertThat(preflight.status()).isEqualTo(200);
        assertThat(preflight.header("Access-Control-Allow-Origin")).isEqualTo("https://dashboard.example");
        assertThat(controller
                        .get("/apps", "Origin", "https://dashboard.example")
                        .header("Access-Control-Max-Age"))
                .isEqualTo("3600");
        assertThat(controller.get("/apps").header("Access-Control-Allow-Origin"))
                .isEmpty();
    }

    @Test
    void theKeyInTheQueryWorksForStreamsAndBackups() {
        String query = "?key=" + TestController.KEY;

        assertThat(controller.sendBare("GET", "/apps" + query, "").status()).isEqualTo(401);
        assertThat(controller.sendBare("GET", "/backup" + query, "").status()).isEqualTo(200);
    }

    @Test
    void anEmptyBodyIsAnUnknownErrorAndABrokenOrTooLongOneIsRefused() {
        assertThat(controller.post("/apps", "").body())
                .isEqualTo("{\"code\":\"unknown_error\",\"message\":\"Something went wrong\",\"retry\":false}");
        assertThat(controller.post("/apps", "{").json().get("code").asText()).isEqualTo("syntax_error");
        String big = "{\"name\":\"x\",\"meta\":{\"a\":\"" + "a".repeat(1 << 20) + "\"}}";
        assertThat(controller.post("/apps", big).json().get("code").asText()).isEqualTo("request_body_too_big");
    }

    @Test
    void aMissingObjectIsAnEmpty404() {
        Answer answer = controller.get("/apps/nobody");

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.body()).isEmpty();
    }

    @Test
    void attachingIsRefusedWithWhatDoesIt() throws Exception {
        controller.createApp("ledger");
        try (var client = new RawClient(controller.port())) {
            client.send(RawClient.attachHead("ledger", 2).replace("/apps/", "/flynn/apps/") + "{}");
            String head = client.head();

            assertThat(head).startsWith("HTTP/1.1 501");
            assertThat(client.body(head)).contains("\"unsupported\"", "ControllerWeb");
        }
    }

    @Test
    void anAddressWithTooManyWrongKeysIsRefusedAtOnceForAWhile() {
        for (int i = 0; i < FailedAttempts.AT_ONCE; i++) {
            assertThat(controller.sendWith("wrong", "GET", "/apps", "").status())
                    .isEqualTo(401);
        }

        assertThat(controller.get("/apps").status()).isEqualTo(401);
        assertThat(controller.sendBare("GET", "/ping", "").status()).isEqualTo(200);
        await().until(() -> controller.get("/apps").status() == 200);
    }

    @Test
    void whoChangedWhatIsWrittenDown() {
        controller
                .send("POST", "/apps", "{\"name\":\"ledger\"}", "X-Request-ID", "r-1")
                .ok();
        controller.post("/apps", "{\"name\":\"Not A Name\"}");

        await().until(() -> controller.get("/audit").ok().size() == 2);
        Answer audit = controller.get("/audit");
        assertThat(audit.ok().get(0).get("status").asInt()).isEqualTo(400);
        assertThat(audit.ok().get(1).get("request_id").asText()).isEqualTo("r-1");
        assertThat(audit.ok().get(1).get("path").asText()).isEqualTo("/apps");
        assertThat(audit.ok().get(1).get("remote").asText()).isEqualTo("127.0.0.1");
    }

    @Test
    void theThreadOfAStreamEndsWhenItsClientLeaves() throws Exception {
        try (TestStream stream = controller.stream("/events", "Accept", "text/event-stream")) {
            controller.createApp("ledger");
            assertThat(stream.data()).contains("\"ledger\"");
            assertThat(streamsBeingWritten()).isPositive();
        }

        await().until(() -> streamsBeingWritten() == 0);
    }

    private static long streamsBeingWritten() {
        return Thread.getAllStackTraces().entrySet().stream()
                .filter(thread -> thread.getKey().getName().startsWith("controller-stream"))
                .flatMap(thread -> Arrays.stream(thread.getValue()))
                .filter(frame -> frame.getClassName().endsWith("$EventStream"))
                .count();
    }

    @Test
    void afterItIsClosedStreamsEndAndNoKeyIsAccepted() throws Exception {
        try (var host = new HostApplication(controller, key -> Optional.empty())) {
            controller.askElsewhere(host.port(), HostApplication.PREFIX, () -> {});
            try (TestStream stream = controller.stream("/events", "Accept", "text/event-stream")) {
                assertThat(stream.status()).isEqualTo(200);
                host.closeFeature();

                assertThat(stream.line()).isEqualTo("null");
            }
            assertThat(controller.get("/apps").status()).isEqualTo(401);
            assertThat(own("GET", "/orders", "").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void keysOfOthersAreTaken() {
        try (var host = new HostApplication(
                controller, key -> key.equals("ours") ? Optional.of(Principal.admin("ours")) : Optional.empty())) {
            controller.askElsewhere(host.port(), HostApplication.PREFIX, () -> {});

            assertThat(controller.sendWith("ours", "GET", "/apps", "").status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/flynn", "flynn/", "{app}", "a b"})
    void aPrefixThatIsNoneIsRefused(String prefix) {
        assertThatThrownBy(() -> ControllerFeature.at(prefix, controller.config, controller.controller))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"" + prefix + "\"");
    }
}
