package dev.flynn.git;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class GitHttpTest {

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @TempDir
    Path directory;

    private GitServer server;

    @BeforeEach
    void start() throws Exception {
        server = new GitServer(directory, Map.of());
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    private HttpResponse<String> get(String path, String password) throws IOException, InterruptedException {
        String credentials =
                Base64.getEncoder().encodeToString(("anyone:" + password).getBytes(StandardCharsets.UTF_8));
        return client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port + path))
                        .header("Authorization", "Basic " + credentials)
                        .build(),
                BodyHandlers.ofString());
    }

    @Test
    void healthNeedsNoKey() throws Exception {
        HttpResponse<String> answer = get("/.well-known/status", "wrong");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("\"status\":\"healthy\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/shop.git",
                "/shop.git/HEAD",
                "/shop.git/objects/info/packs",
                "/Shop.git/info/refs",
                "/a--b.git/info/refs",
                "/../etc.git/info/refs",
                "/a/b.git/info/refs",
                "/info/refs",
                "/shop.git/git-receive-pack"
            })
    void anythingElseThanTheSmartProtocolIsForbiddenBeforeTheKeyIsLookedAt(String path) throws Exception {
        HttpResponse<String> answer = get(path, "wrong");

        assertThat(answer.statusCode()).isEqualTo(403);
        assertThat(answer.body()).isEqualTo("Forbidden\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/shop.git/info/refs?service=git-upload-pack", "/unknown.git/info/refs?service=nonsense"})
    void aWrongKeyIsRefusedBeforeAnythingIsSaidOfTheApp(String path) throws Exception {
        HttpResponse<String> answer = get(path, "wrong");

        assertThat(answer.statusCode()).isEqualTo(401);
        assertThat(answer.body()).isEqualTo("Authentication required\n");
        assertThat(answer.headers().firstValue("WWW-Authenticate")).contains("Basic");
    }

    @Test
    void anUnknownAppIsNotFound() throws Exception {
        HttpResponse<String> answer = get("/unknown.git/info/refs?service=git-upload-pack", GitServer.KEY);

        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body()).isEqualTo("unknown app\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?service=git-archive"})
    void theDumbProtocolIsNotOffered(String query) throws Exception {
        HttpResponse<String> answer = get("/shop.git/info/refs" + query, GitServer.KEY);

        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body()).isEqualTo("Not Found\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"git-upload-pack", "git-receive-pack"})
    void referencesAreAdvertisedAndNotCached(String service) throws Exception {
        for (String name : new String[] {"shop.git", "shop", server.controller.app.id() + ".git"}) {
            HttpResponse<String> answer = get("/" + name + "/info/refs?service=" + service, GitServer.KEY);

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).startsWith("%04x# service=%s\n0000".formatted(15 + service.length(), service));
            assertThat(answer.headers().firstValue("Content-Type"))
                    .contains("application/x-" + service + "-advertisement");
            assertThat(answer.headers().firstValue("Cache-Control")).contains("no-cache");
        }
    }

    @Test
    void gitAsksForTheKeyAndSaysWhatIsMissing() throws Exception {
        var checkout = new Checkout(directory.resolve("app"));
        checkout.commit("web.js", "hello();\n");

        Checkout.Result wrong =
                checkout.attempt("push", "http://x:wrong@127.0.0.1:" + server.port + "/shop.git", "master");
        Checkout.Result unknown = checkout.attempt("push", server.url().replace("shop", "unknown"), "master");

        assertThat(wrong.status()).isNotZero();
        assertThat(wrong.output()).contains("Authentication failed");
        assertThat(unknown.status()).isNotZero();
        assertThat(unknown.output()).contains("not found");
    }

    @Test
    void aControllerThatDoesNotRunIsAPassingFailure() throws Exception {
        server.discovery.removeService("controller");

        HttpResponse<String> answer = get("/shop.git/info/refs?service=git-upload-pack", GitServer.KEY);

        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).contains("controller does not run now; try again");
    }
}
