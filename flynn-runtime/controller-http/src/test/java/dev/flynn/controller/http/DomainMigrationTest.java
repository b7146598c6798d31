package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.controller.http.TestController.Answer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DomainMigrationTest {

    private static final String REQUEST = "{\"id\":\"\",\"old_domain\":\"flynn.test\",\"domain\":\"apps.example.org\"}";

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

    /** A system app that is on a release with this env; nothing of it runs. */
    private void systemApp(String name, String env) {
        controller
                .post("/apps", "{\"name\":\"%s\",\"meta\":{\"flynn-system-app\":\"true\"}}".formatted(name))
                .ok();
        String artifact = controller
                .post("/artifacts", "{\"type\":\"builtin\",\"uri\":\"builtin:%s\"}".formatted(name))
                .ok()
                .get("id")
                .asText();
        String release = controller
                .post(
                        "/releases",
                        "{\"artifact\":\"%s\",\"env\":%s,\"processes\":{\"web\":{}}}".formatted(artifact, env))
                .ok()
                .get("id")
                .asText();
        controller
                .put("/apps/%s/release".formatted(name), "{\"id\":\"%s\"}".formatted(release))
                .ok();
    }

    private JsonNode events() {
        return controller
                .get("/events?object_types=domain_migration", "Accept", "application/json")
                .ok();
    }

    private Set<String> domains(String app) {
        return new TreeSet<>(
                controller.get("/apps/%s/routes".formatted(app)).ok().findValuesAsText("domain"));
    }

    private JsonNode env(String app) {
        return controller.get("/apps/%s/release".formatted(app)).ok().get("env");
    }

    @Test
    void theWrongOldDomainIsRefusedWithBothNames() {
        Answer answer = controller.put("/domain", "{\"old_domain\":\"other.test\",\"domain\":\"apps.example.org\"}");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().get("message").asText())
                .isEqualTo("Can't migrate from \"other.test\" when currently using \"flynn.test\"");
        assertThat(answer.json().has("detail")).isFalse();
        assertThat(controller.put("/domain", "{").status()).isEqualTo(400);
        assertThat(controller
                        .put("/domain", "{\"old_domain\":\"flynn.test\",\"domain\":\"no domain\"}")
                        .json()
                        .at("/detail/field")
                        .asText())
                .isEqualTo("domain");
    }

    @Test
    void theAnswerHasTheRoutersCertificateAndTheEventNoKey() {
        systemApp("router", "{\"TLSCERT\":\"old cert\",\"TLSKEY\":\"old key\"}");

        JsonNode migration = controller.put("/domain", REQUEST).ok();

        assertThat(migration.get("id").asText()).isNotEmpty();
        assertThat(migration.get("old_tls_cert").toString())
                .isEqualTo("{\"ca_cert\":\"\",\"cert\":\"old cert\",\"key\":\"old key\",\"pin\":\"\"}");
        assertThat(migration.has("finished_at")).isFalse();
        assertThat(events()).hasSize(1);
        assertThat(events().toString()).contains("old cert").doesNotContain("old key");
        assertThat(controller.put("/domain", REQUEST).status()).isEqualTo(400);
    }

    @Test
    void certificatesAppsAndRoutesMoveAndTheOldRoutesStay() throws Exception {
        systemApp("controller", "{\"AUTH_KEY\":\"k\",\"DEFAULT_ROUTE_DOMAIN\":\"flynn.test\",\"CA_CERT\":\"old ca\"}");
        systemApp("router", "{\"TLSCERT\":\"old cert\",\"TLSKEY\":\"old key\"}");
        controller.createApp("ledger");
        controller
                .post(
                        "/apps/ledger/routes",
                        "{\"type\":\"http\",\"domain\":\"ledger.flynn.test\",\"path\":\"/admin/\",\"service\":\"admin\",\"sticky\":true}")
                .ok();
        controller
                .post("/apps/ledger/routes", "{\"type\":\"http\",\"domain\":\"www.example.net\",\"service\":\"x\"}")
                .ok();
        controller.put("/domain", REQUEST).ok();
        controller.startWorker();

        await().until(() -> events().get(0).at("/data/domain_migration").has("finished_at"));

        assertThat(events().get(0).at("/data/error").asText()).isEmpty();
        assertThat(env("controller").get("DEFAULT_ROUTE_DOMAIN").asText()).isEqualTo("apps.example.org");
        assertThat(env("controller").get("AUTH_KEY").asText()).isEqualTo("k");
        assertThat(env("controller").get("CA_CERT").asText()).startsWith("-----BEGIN CERTIFICATE-----");
        X509Certificate certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(
                        env("router").get("TLSCERT").asText().getBytes(StandardCharsets.US_ASCII)));
        assertThat(certificate.getSubjectAlternativeNames())
                .extracting(name -> name.get(1))
                .isEqualTo(List.of("apps.example.org", "*.apps.example.org"));
        assertThat(env("router").get("TLSKEY").asText()).contains("PRIVATE KEY");
        assertThat(domains("ledger"))
                .containsExactly("ledger.apps.example.org", "ledger.flynn.test", "www.example.net");
        assertThat(controller.get("/apps/ledger/routes").ok().toString())
                .contains("\"domain\":\"ledger.apps.example.org\",\"path\":\"/admin/\"");
        assertThat(events().toString()).doesNotContain("PRIVATE KEY");
        assertThat(controller.get("/apps/controller/deployments").ok()).hasSize(1);
    }

    @Test
    void aGivenCertificateIsUsedAndATwinThatIsThereAlreadyIsLeft() {
        systemApp("router", "{\"TLSCERT\":\"old cert\",\"TLSKEY\":\"old key\"}");
        controller.createApp("ledger");
        controller.createApp("other");
        controller
                .post(
                        "/apps/other/routes",
                        "{\"type\":\"http\",\"domain\":\"ledger.apps.example.org\",\"service\":\"other\"}")
                .ok();
        controller
                .put(
                        "/domain",
                        REQUEST.replace(
                                "}",
                                ",\"tls_cert\":{\"ca_cert\":\"\",\"cert\":\"new cert\",\"key\":\"new key\",\"pin\":\"\"}}"))
                .ok();
        controller.startWorker();

        await().until(() -> events().get(0).at("/data/domain_migration").has("finished_at"));

        assertThat(env("router").toString()).isEqualTo("{\"TLSCERT\":\"new cert\",\"TLSKEY\":\"new key\"}");
        assertThat(domains("ledger")).containsExactly("ledger.flynn.test");
        assertThat(domains("other")).contains("ledger.apps.example.org", "other.apps.example.org");
    }
}
