package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.controller.http.TestController.Answer;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AcmeTest {

    private static final String SETTINGS =
            "{\"directory\":\"https://ca.test/dir\",\"email\":\"ops@example.com\",\"terms_agreed\":true}";

    @TempDir
    Path directory;

    private TestController controller;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
        controller.createApp("ledger");
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    private Answer add(String rest) {
        return controller.post(
                "/apps/ledger/routes", "{\"type\":\"http\",\"service\":\"ledger-web\",%s}".formatted(rest));
    }

    @Test
    void theAuthorityIsSetShownAndTakenAway() {
        assertThat(controller.get("/acme").ok().has("settings")).isFalse();

        controller.put("/acme", SETTINGS).ok();

        JsonNode settings = controller.get("/acme").ok().get("settings");
        assertThat(settings.get("directory").asText()).isEqualTo("https://ca.test/dir");
        assertThat(settings.get("email").asText()).isEqualTo("ops@example.com");
        assertThat(controller.delete("/acme").status()).isEqualTo(200);
        assertThat(controller.get("/acme").ok().has("settings")).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "'{}', terms_agreed",
        "'{\"terms_agreed\":true,\"directory\":\"http://ca.test\"}', directory",
        "'{\"terms_agreed\":true,\"email\":\"nobody\"}', email",
        "'{\"terms_agreed\":true,\"validation\":\"dns-01\"}', dns_provider",
        "'{\"terms_agreed\":true,\"validation\":\"dns-02\"}', tls-alpn-01"
    })
    void settingsThatCannotWorkAreRefusedByName(String settings, String name) {
        Answer refused = controller.put("/acme", settings);

        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.json().toString()).contains(name);
    }

    @Test
    void aRouteAsksForACertificateAndTellsHowThatGoes() {
        controller.put("/acme", SETTINGS).ok();

        JsonNode route =
                add("\"domain\":\"Shop.example.net\",\"auto_tls\":true").ok();

        assertThat(route.get("auto_tls").asBoolean()).isTrue();
        String path = "/apps/ledger/routes/http/" + route.get("id").asText();
        JsonNode certificate = controller.get(path + "/certificate").ok();
        assertThat(certificate.get("domain").asText()).isEqualTo("shop.example.net");
        assertThat(certificate.get("state").asText()).isEqualTo("waiting");
        assertThat(controller.get("/acme").ok().at("/domains/0/domain").asText())
                .isEqualTo("shop.example.net");

        controller
                .put(path, "{\"type\":\"http\",\"service\":\"ledger-web\",\"domain\":\"Shop.example.net\"}")
                .ok();
        assertThat(controller.get(path + "/certificate").status()).isEqualTo(404);
        assertThat(controller.get("/acme").ok().path("domains")).isEmpty();
    }

    @Test
    void withoutAnAuthorityARouteThatAsksIsRefusedWithTheWayOut() {
        Answer refused = add("\"domain\":\"shop.example.net\",\"auto_tls\":true");

        assertThat(refused.status()).isEqualTo(412);
        assertThat(refused.json().get("message").asText()).contains("flynn cluster acme enable");
    }

    @ParameterizedTest
    @CsvSource({
        "'\"domain\":\"*\"', auto_tls",
        "'\"domain\":\"localhost\"', auto_tls",
        "'\"domain\":\"192.0.2.1\"', auto_tls",
        "'\"domain\":\"ledger.flynn.test\",\"path\":\"/x/\"', auto_tls"
    })
    void whatNobodyIssuesIsRefused(String fields, String name) {
        controller.put("/acme", SETTINGS).ok();

        Answer refused = add(fields + ",\"auto_tls\":true");

        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.json().toString()).contains(name);
    }
}
