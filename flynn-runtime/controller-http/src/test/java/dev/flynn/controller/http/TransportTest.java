package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.controller.http.TestController.Answer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransportTest {

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

    @Test
    void pingIsOpenForEveryMethod() {
        for (String method : new String[] {"GET", "POST", "DELETE", "PATCH"}) {
            Answer answer = controller.sendBare(method, "/ping", "");

            assertThat(answer.status()).as(method).isEqualTo(200);
            assertThat(answer.body()).as(method).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/apps", "/.well-known/status", "/ca-cert", "/nothing", "/events"})
    void everythingElseIsAnEmpty401WithoutAChallenge(String path) {
        Answer answer = controller.sendBare("GET", path, "");

        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.body()).isEmpty();
        assertThat(answer.header("WWW-Authenticate")).isEmpty();
    }

    @Test
    void everyConfiguredKeyOpensAndOthersDoNot() {
        assertThat(statusWith(TestController.authorization(TestController.KEY))).isEqualTo(200);
        assertThat(statusWith(TestController.authorization(TestController.OTHER_KEY)))
                .isEqualTo(200);
        assertThat(statusWith(TestController.authorization(TestController.KEY + "x")))
                .isEqualTo(401);
        assertThat(statusWith(TestController.authorization(""))).isEqualTo(401);
        assertThat(statusWith("Basic nonsense")).isEqualTo(401);
        assertThat(statusWith(TestController.authorization(TestController.KEY).replace("Basic", "basic")))
                .isEqualTo(401);
    }

    private int statusWith(String authorization) {
        return controller
                .sendBare("GET", "/apps", "", "Authorization", authorization)
                .status();
    }

    @Test
    void theKeyInTheQueryWorksOnlyForStreamsAndBackupsAndOnlyWithoutAPassword() {
        String query = "?key=" + TestController.KEY;

        assertThat(controller.sendBare("GET", "/apps" + query, "").status()).isEqualTo(401);
        assertThat(controller
                        .sendBare("GET", "/formations" + query, "", "Accept", "text/event-stream")
                        .status())
                .isEqualTo(500); // let in; the parameter since is missing
        assertThat(controller.sendBare("GET", "/backup" + query, "").status()).isEqualTo(200);
        assertThat(controller
                        .sendBare(
                                "GET",
                                "/formations" + query,
                                "",
                                "Accept",
                                "text/event-stream",
                                "Authorization",
                                TestController.authorization("wrong"))
                        .status())
                .isEqualTo(401);
    }

    @Test
    void aRequestWithAnOriginIsAnsweredForThatOrigin() {
        Answer preflight = controller.sendBare("OPTIONS", "/apps", "", "Origin", "https://dashboard.example");

        assertThat(preflight.status()).isEqualTo(200);
        assertThat(preflight.header("Access-Control-Allow-Origin")).isEqualTo("https://dashboard.example");
        assertThat(preflight.header("Access-Control-Allow-Credentials")).isEqualTo("true");
        assertThat(preflight.header("Access-Control-Allow-Methods")).isEqualTo("GET,POST,PUT,PATCH,DELETE,HEAD");
        assertThat(preflight.header("Access-Control-Allow-Headers"))
                .isEqualTo("Authorization,Accept,Content-Type,If-Match,If-None-Match");
        assertThat(preflight.header("Access-Control-Expose-Headers")).isEqualTo("ETag,Content-Disposition");
        assertThat(preflight.header("Access-Control-Max-Age")).isEqualTo("3600");

        Answer refused = controller.sendBare("GET", "/apps", "", "Origin", "https://dashboard.example");
        assertThat(refused.status()).isEqualTo(401);
        assertThat(refused.header("Access-Control-Allow-Origin")).isEqualTo("https://dashboard.example");
        assertThat(controller.get("/apps").header("Access-Control-Allow-Origin"))
                .isEmpty();
    }

    @Test
    void withoutAnOriginOptionsIsAnUnknownRoute() {
        assertThat(controller.sendBare("OPTIONS", "/apps", "").status()).isEqualTo(401);
        assertThat(controller.send("OPTIONS", "/apps", "").status()).isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource({"GET,/nothing", "PATCH,/apps", "DELETE,/apps", "HEAD,/apps", "GET,/apps/x/scale/y", "POST,/keys"})
    void whatDoesNotExistIsAPlainPageWhateverTheMethod(String method, String path) {
        Answer answer = controller.send(method, path, "");

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.header("Content-Type")).isEqualTo("text/plain; charset=utf-8");
        if (!method.equals("HEAD")) {
            assertThat(answer.body()).isEqualTo("404 page not found\n");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET,/apps/,301,/apps",
        "GET,/Apps,301,/apps",
        "GET,/apps/ledger/Release/,301,/apps/ledger/release",
        "GET,/events/?count=3,301,/events?count=3",
        "POST,/apps/,307,/apps",
        "PUT,/apps/Ledger/RELEASE,307,/apps/Ledger/release"
    })
    void aSlashTooManyAndTheCaseOfLettersAreRedirected(String method, String path, int status, String location) {
        Answer answer = controller.send(method, path, "");

        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.header("Location")).isEqualTo(location);
    }

    @Test
    void aPathThatIsNoneDoesNotExist() throws IOException {
        for (String path : new String[] {"/apps/%zz", "/apps/%", "/apps/a|b", "/apps/\"", "/apps//release"}) {
            try (var client = new RawClient(controller.port())) {
                client.send("GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n\r\n"
                        .formatted(path, TestController.authorization(TestController.KEY)));
                assertThat(client.head()).as(path).startsWith(path.contains("//") ? "HTTP/1.1 301" : "HTTP/1.1 404");
            }
        }
    }

    @Test
    void theStatusNamesTheVersionAndThePorts() {
        Answer answer = controller.get("/.well-known/status");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("""
                        {
                          "data": {
                            "status": "healthy",
                            "version": "v20170309.0",
                            "detail": {
                              "http_port": 8080,
                              "https_port": 8443
                            }
                          }
                        }
                        """);
    }

    @Test
    void theStatusIsUnhealthyWhenTheStoreDoesNotAnswer() {
        controller.state.store().close();

        Answer answer = controller.get("/.well-known/status");

        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.json().at("/data/status").asText()).isEqualTo("unhealthy");
    }

    @Test
    void theCertificateIsServedAsItIs() {
        Answer answer = controller.get("/ca-cert");

        assertThat(answer.body()).isEqualTo("-----BEGIN CERTIFICATE-----\n");
        assertThat(answer.header("Content-Type")).isEqualTo("application/x-x509-ca-cert");
    }

    @Test
    void bodiesAreReadWhateverTheirTypeSaysAndUnknownKeysAreIgnored() {
        Answer answer = controller.sendBare(
                "POST",
                "/apps",
                "{\"name\":\"ledger\",\"colour\":\"blue\"}trailing",
                "Authorization",
                TestController.authorization(TestController.KEY),
                "Content-Type",
                "nonsense");

        assertThat(answer.ok().get("name").asText()).isEqualTo("ledger");
        assertThat(answer.header("Content-Type")).isEqualTo("application/json");
        assertThat(answer.header("Content-Length"))
                .isEqualTo(String.valueOf(answer.body().length()));
    }

    @Test
    void anEmptyBodyIsAnUnknownErrorAndABrokenOneASyntaxError() {
        Answer empty = controller.post("/apps", "");
        assertThat(empty.status()).isEqualTo(500);
        assertThat(empty.body())
                .isEqualTo("{\"code\":\"unknown_error\",\"message\":\"Something went wrong\",\"retry\":false}");

        for (String broken : new String[] {"{", "[]", "{\"name\":7}", "{\"meta\":{\"a\":true}}", "\"x\""}) {
            Answer answer = controller.post("/apps", broken);
            assertThat(answer.status()).as(broken).isEqualTo(400);
            assertThat(answer.body())
                    .as(broken)
                    .isEqualTo(
                            "{\"code\":\"syntax_error\",\"message\":\"The provided JSON input is invalid\",\"retry\":false}");
        }
    }

    @Test
    void aBodyOfMoreThanOneMebibyteIsRefused() {
        String big = "{\"name\":\"x\",\"meta\":{\"a\":\"" + "a".repeat(1 << 20) + "\"}}";

        Answer answer = controller.post("/apps", big);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().get("code").asText()).isEqualTo("request_body_too_big");
        assertThat(controller.get("/apps").body()).isEqualTo("[]");
    }

    @Test
    void aClientThatOffersHttp2IsAnsweredAtOnce() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + controller.port() + "/apps"))
                .header("Authorization", TestController.authorization(TestController.KEY))
                .timeout(Duration.ofSeconds(10))
                .POST(HttpRequest.BodyPublishers.ofString("{\"name\":\"ledger\"}"))
                .build();

        HttpResponse<String> response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
    }
}
