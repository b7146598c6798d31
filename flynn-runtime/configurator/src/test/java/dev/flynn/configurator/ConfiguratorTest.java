package dev.flynn.configurator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The API with a tool that finds the word "bad" wrong; with real programs: {@link NginxApplianceTest}. */
@Timeout(60)
class ConfiguratorTest {

    private static final String CHECK = "! grep -n bad \"$FILE\"";

    @TempDir
    Path directory;

    private final dev.flynn.base.Closer opened = new dev.flynn.base.Closer();
    private final HttpClient http = HttpClient.newHttpClient();
    private Path document;
    private Path target;
    private Path reloads;

    @BeforeEach
    void writeDocument() throws IOException {
        document = Files.writeString(directory.resolve("config.json"), "{\"user\": \"nobody\", \"list\": [1]}");
        target = directory.resolve("target.conf");
        reloads = directory.resolve("reloads");
    }

    @AfterEach
    void close() {
        opened.close();
    }

    @Test
    void aChangeIsStoredWrittenAndTakenOver() throws Exception {
        URI api = serve("file://" + document);
        assertThat(target).content().isEqualTo("user nobody;\nlist 1;\n");
        assertThat(reloads).doesNotExist();

        assertThat(ask("POST", api, "/v1/config/", "{\"more\": true}").statusCode())
                .isEqualTo(200);
        assertThat(ask("POST", api, "/v1/config/list", "2").statusCode()).isEqualTo(200);
        assertThat(ask("PUT", api, "/v1/config/user", "\"me\"").statusCode()).isEqualTo(200);
        assertThat(ask("DELETE", api, "/v1/config/list/0", "").statusCode()).isEqualTo(200);

        assertThat(target).content().isEqualTo("user me;\nlist 2;\nmore on;\n");
        assertThat(ask("GET", api, "/v1/render", "").body()).isEqualTo("user me;\nlist 2;\nmore on;\n");
        assertThat(Json.parse(Files.readString(document)).toString())
                .isEqualTo("{\"user\":\"me\",\"list\":[2],\"more\":true}");
        assertThat(Json.parse(ask("GET", api, "/v1/config/user", "").body()).toString())
                .isEqualTo("[\"me\"]");
        assertThat(Files.readAllLines(reloads)).hasSize(4);
    }

    @Test
    void aChangeThatTheToolRefusesLeavesEverythingAsItWas() throws Exception {
        URI api = serve("file://" + document);
        String stored = Files.readString(document);
        String written = Files.readString(target);

        HttpResponse<String> refused = ask("PUT", api, "/v1/config/user", "\"bad\"");

        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).isEqualTo("1:user bad;\n");
        assertThat(document).content().isEqualTo(stored);
        assertThat(target).content().isEqualTo(written);
        assertThat(reloads).doesNotExist();
        assertThat(directory.toFile().list((parent, name) -> name.endsWith(".check")))
                .isEmpty();
    }

    @Test
    void aDryRunShowsTheTextOrTheComplaintAndWhatWasTried() throws Exception {
        URI api = serve("file://" + document);

        assertThat(ask("POST", api, "/v1/render", "{\"a\": 1}").body()).isEqualTo("a 1;\n");
        HttpResponse<String> refused = ask("POST", api, "/v1/render", "{\"a\": \"bad\"}");

        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).contains("1:a bad;").contains("\"a\" : \"bad\"");
        assertThat(target).content().isEqualTo("user nobody;\nlist 1;\n");
    }

    @Test
    void whatIsNoneOfItsRequestsIsToldSo() throws Exception {
        URI api = serve("file://" + document);

        assertThat(ask("PUT", api, "/v1/config/user", "{").statusCode()).isEqualTo(400);
        assertThat(ask("POST", api, "/v1/config/user", "1").statusCode()).isEqualTo(405);
        assertThat(ask("PATCH", api, "/v1/config/user", "1").statusCode()).isEqualTo(405);
        assertThat(ask("DELETE", api, "/v1/render", "").headers().firstValue("Allow"))
                .contains("GET, POST");
        assertThat(ask("GET", api, "/v1/config/none", "").statusCode()).isEqualTo(404);
        assertThat(ask("GET", api, "/v2", "").statusCode()).isEqualTo(404);
        HttpRequest page = HttpRequest.newBuilder(api.resolve("/v1/config/user"))
                .header("Origin", "http://evil.example.org")
                .PUT(BodyPublishers.ofString("1"))
                .build();
        assertThat(http.send(page, BodyHandlers.ofString()).statusCode()).isEqualTo(403);
        assertThat(target).content().startsWith("user nobody;");
    }

    @Test
    void withAKeyNobodyElseIsServedAndWithoutOneNobodyFromOutside() throws Exception {
        Configurator configurator = configurator("file://" + document);
        try (var server = new ConfiguratorServer(configurator, "0.0.0.0", 0, Optional.of("secret"))) {
            URI api = URI.create("http://127.0.0.1:" + server.address().getPort());
            assertThat(ask("GET", api, "/v1/config", "").statusCode()).isEqualTo(401);
            assertThat(statusWithPassword(api, "wrong")).isEqualTo(401);
            assertThat(statusWithPassword(api, "secret")).isEqualTo(200);
        }
        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> new ConfiguratorServer(configurator, "0.0.0.0", 0, Optional.empty()))
                .withMessageContaining("CONFIGURATOR_KEY");
    }

    @Test
    void whatOthersChangeInTheFileIsTakenOverUnlessItIsWrong() throws Exception {
        serve("file://" + document);

        Files.writeString(document, "{\"user\": \"bad\"}");
        await().during(java.time.Duration.ofMillis(1500))
                .until(() -> Files.readString(target).startsWith("user nobody;"));
        Files.writeString(document, "{\"user\": \"other\"}");

        await().untilAsserted(() -> assertThat(target).content().isEqualTo("user other;\n"));
        assertThat(Files.readAllLines(reloads)).hasSize(1);
    }

    @Test
    void whatMacrosStandForIsFollowed() throws Exception {
        Path value =
                Files.createDirectories(directory.resolve("config.d/limits")).resolve("body");
        Files.writeString(value, "10m");
        Files.writeString(
                document, "{\"size\": {\"$value\": \"limits/body\"}, \"cert\": {\"$file\": \"limits/body\"}}");
        serve("file://" + document);
        assertThat(target).content().startsWith("size 10m;\ncert " + directory.resolve("target.conf.values"));

        Files.writeString(value, "20m");

        await().untilAsserted(() -> assertThat(target).content().startsWith("size 20m;"));
        String file = Files.readString(target).replaceFirst("(?s).*cert (.*);\n", "$1");
        assertThat(Path.of(file)).content().isEqualTo("20m");
        await().untilAsserted(() ->
                assertThat(Path.of(file).getParent().toFile().list()).hasSize(1));
    }

    @Test
    void nothingOutsideOfTheStoreIsAValue() throws Exception {
        Files.writeString(directory.resolve("secret"), "secret");
        Files.createDirectories(directory.resolve("config.d"));
        Files.createSymbolicLink(directory.resolve("config.d/link"), directory.resolve("secret"));
        URI api = serve("file://" + document);

        for (String path : new String[] {"../secret", "link", "x/../../secret"}) {
            assertThat(ask("PUT", api, "/v1/config/user", "{\"$value\": \"" + path + "\"}")
                            .body())
                    .contains("is not below");
        }
    }

    @Test
    void aCommitThatComesSecondIsDoneAgainThreeTimesAtMost() throws Exception {
        try (var consul = new FakeConsul()) {
            consul.put("proxy/config", "{\"user\": \"nobody\"}");
            URI api = serve(consul.uri("proxy"));

            consul.refuse(2);
            assertThat(ask("PUT", api, "/v1/config/user", "\"me\"").statusCode())
                    .isEqualTo(200);
            assertThat(consul.get("proxy/config")).isEqualTo("{\"user\":\"me\"}");

            consul.refuse(3);
            HttpResponse<String> conflict = ask("PUT", api, "/v1/config/user", "\"you\"");
            assertThat(conflict.statusCode()).isEqualTo(409);
            assertThat(conflict.body()).contains("try again");
            assertThat(target).content().isEqualTo("user me;\n");
        }
    }

    @Test
    void whatOthersChangeInConsulIsTakenOverUnlessItIsWrong() throws Exception {
        try (var consul = new FakeConsul()) {
            consul.put("proxy/sites/a", "1");
            consul.put("proxy/config", "{\"sites\": {\"$keys\": \"sites\"}}");
            serve(consul.uri("proxy"));
            assertThat(target).content().isEqualTo("sites a;\n");

            consul.put("proxy/config", "{\"user\": \"bad\"}");
            consul.put("proxy/config", "{\"user\": {\"$value\": \"sites/a\"}}");

            await().untilAsserted(() -> assertThat(target).content().isEqualTo("user 1;\n"));
        }
    }

    @Test
    void itDoesNotStartWithADocumentThatIsWrong() throws IOException {
        Files.writeString(document, "{\"user\": \"bad\"}");

        assertThatExceptionOfType(Refusal.class)
                .isThrownBy(() -> configurator("file://" + document))
                .withMessage("1:user bad;");
        assertThat(target).doesNotExist();
        assertThatExceptionOfType(Refusal.class)
                .isThrownBy(() -> ConfigStore.of("etcd://x/y"))
                .withMessageContaining("consul://host:port/prefix");
    }

    private URI serve(String store) {
        Configurator configurator = configurator(store);
        configurator.follow();
        var server = opened.register(new ConfiguratorServer(configurator, "127.0.0.1", 0, Optional.empty()));
        return URI.create("http://127.0.0.1:" + server.address().getPort());
    }

    private Configurator configurator(String store) {
        return opened.register(Configurator.builder()
                .store(opened.register(ConfigStore.of(store)))
                .transformer(Transformer.named("nginx"))
                .target(target)
                .check(Tool.of(CHECK, "/bin/sh"))
                .reload(Tool.of("echo reloaded >>" + reloads, "/bin/sh"))
                .build());
    }

    private int statusWithPassword(URI api, String password) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(api.resolve("/v1/config"))
                .header(
                        "Authorization",
                        "Basic "
                                + Base64.getEncoder()
                                        .encodeToString(
                                                (":" + password).getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .build();
        return http.send(request, BodyHandlers.discarding()).statusCode();
    }

    private HttpResponse<String> ask(String method, URI api, String path, String body)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(api.resolve(path))
                .method(method, BodyPublishers.ofString(body))
                .build();
        return http.send(request, BodyHandlers.ofString());
    }
}
