package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.controller.http.TestController.Answer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ProvidersTest {

    @TempDir
    Path directory;

    private final List<String> requests = new CopyOnWriteArrayList<>();
    private volatile int status = 200;
    private TestController controller;
    private HttpServer postgres;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
        postgres = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        postgres.createContext("/", exchange -> {
            requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                    + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            byte[] answer = "{\"id\":\"/databases/a:b\",\"env\":{\"PGUSER\":\"a\"}}".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        postgres.start();
        controller.discovery.createService("postgres-api", LeaderType.OLDEST);
        controller.discovery.register(
                "postgres-api",
                Instance.of("http", "127.0.0.1:" + postgres.getAddress().getPort(), Map.of()));
    }

    @AfterEach
    void stop() {
        postgres.stop(0);
        controller.close();
    }

    private JsonNode addProvider() {
        return controller
                .post("/providers", "{\"name\":\"postgres\",\"url\":\"http://postgres-api.discoverd/databases\"}")
                .ok();
    }

    private JsonNode addResource(String apps) {
        return controller
                .post("/providers/postgres/resources", "{\"apps\":%s,\"config\":null}".formatted(apps))
                .ok();
    }

    @Test
    void aProviderIsFoundByNameAndIdAndIsThereOnce() {
        JsonNode provider = addProvider();

        assertThat(controller.get("/providers/postgres").json()).isEqualTo(provider);
        assertThat(controller.get("/providers/" + provider.get("id").asText()).json())
                .isEqualTo(provider);
        assertThat(controller.get("/providers").ok()).hasSize(1);
        assertThat(controller.get("/providers/mysql").status()).isEqualTo(404);
        assertThat(controller
                        .post("/providers", "{\"name\":\"postgres\",\"url\":\"http://x/\"}")
                        .status())
                .isEqualTo(409);
        assertThat(controller
                        .post("/providers", "{\"name\":\"p2\",\"url\":\"http://postgres-api.discoverd/databases\"}")
                        .status())
                .isEqualTo(409);
    }

    @Test
    void aProviderNeedsANameAndAUrl() {
        assertThat(controller
                        .post("/providers", "{\"name\":\" \",\"url\":\"http://x/\"}")
                        .json()
                        .at("/detail/field")
                        .asText())
                .isEqualTo("name");
        assertThat(controller
                        .post("/providers", "{\"name\":\"x\"}")
                        .json()
                        .at("/detail/field")
                        .asText())
                .isEqualTo("url");
        assertThat(controller
                        .post("/providers", "{\"name\":\"x\",\"url\":\"databases\"}")
                        .json()
                        .at("/detail/field")
                        .asText())
                .isEqualTo("url");
    }

    @Test
    void aResourceIsProvisionedThroughDiscoveryAndLeavesTheReleaseAlone() {
        String app = controller.createApp("ledger");
        addProvider();

        JsonNode resource = addResource("[\"ledger\"]");

        assertThat(requests).containsExactly("POST /databases {}");
        assertThat(resource.get("external_id").asText()).isEqualTo("/databases/a:b");
        assertThat(resource.get("env").toString()).isEqualTo("{\"PGUSER\":\"a\"}");
        assertThat(resource.get("apps").toString()).isEqualTo("[\"" + app + "\"]");
        assertThat(controller.get("/apps/ledger/resources").ok()).hasSize(1);
        assertThat(controller.get("/apps/ledger/release").status()).isEqualTo(404);
        assertThat(controller
                        .get("/providers/postgres/resources/"
                                + resource.get("id").asText())
                        .json())
                .isEqualTo(resource);
        assertThat(controller
                        .get("/events?object_types=resource", "Accept", "application/json")
                        .ok())
                .hasSize(1);
    }

    @Test
    void theSettingsReachTheProvider() {
        addProvider();

        controller
                .post("/providers/postgres/resources", "{\"config\":{\"size\":\"big\"}}")
                .ok();

        assertThat(requests).containsExactly("POST /databases {\"size\":\"big\"}");
    }

    @Test
    void aProviderThatFailsOrIsNotThereIsAnErrorThatMayPass() {
        addProvider();
        status = 500;
        assertThat(controller
                        .post("/providers/postgres/resources", "{}")
                        .json()
                        .get("retry")
                        .asBoolean())
                .isTrue();

        controller
                .post("/providers", "{\"name\":\"mysql\",\"url\":\"http://mariadb-api.discoverd/databases\"}")
                .ok();
        Answer answer = controller.post("/providers/mysql/resources", "{}");
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.json().get("retry").asBoolean()).isTrue();
        assertThat(answer.json().get("message").asText()).isEqualTo("Something went wrong");
        assertThat(answer.json().at("/detail/reason").asText()).contains("mariadb-api");
        assertThat(controller.get("/providers/postgres/resources").ok()).isEmpty();
    }

    @Test
    void deletingAResourceGivesItBackAndAnswersWithIt() {
        controller.createApp("ledger");
        addProvider();
        JsonNode resource = addResource("[\"ledger\"]");
        String path = "/providers/postgres/resources/" + resource.get("id").asText();

        assertThat(controller.delete(path).ok()).isEqualTo(resource);

        assertThat(requests).contains("DELETE /databases?id=%2Fdatabases%2Fa%3Ab ");
        assertThat(controller.get(path).status()).isEqualTo(404);
        assertThat(controller
                        .get("/events?object_types=resource_deletion", "Accept", "application/json")
                        .ok())
                .hasSize(1);
    }

    @Test
    void aKnownResourceIsRegisteredOnce() {
        addProvider();
        String path = "/providers/postgres/resources/c1a7d0a3-0b63-4c4d-9a58-5f3c3f0c2f1e";

        assertThat(controller
                        .put(path, "{\"external_id\":\"/x\",\"env\":{\"A\":\"b\"}}")
                        .ok()
                        .get("id")
                        .asText())
                .isEqualTo("c1a7d0a3-0b63-4c4d-9a58-5f3c3f0c2f1e");
        assertThat(controller
                        .put(path, "{\"external_id\":\"/x\"}")
                        .json()
                        .get("retry")
                        .asBoolean())
                .isTrue();
        assertThat(requests).isEmpty();
    }

    @Test
    void deletingAnAppGivesBackWhatOnlyItUses() {
        controller.createApp("ledger");
        controller.createApp("other");
        addProvider();
        String own = addResource("[\"ledger\"]").get("id").asText();
        String shared = addResource("[\"ledger\",\"other\"]").get("id").asText();
        controller.startWorker();

        controller.delete("/apps/ledger").ok();
        await().until(() -> controller.get("/apps/ledger").status() == 404);

        assertThat(controller.get("/providers/postgres/resources/" + own).status())
                .isEqualTo(404);
        assertThat(controller
                        .get("/providers/postgres/resources/" + shared)
                        .ok()
                        .get("apps"))
                .hasSize(1);
        JsonNode event = controller
                .get("/events?object_types=app_deletion", "Accept", "application/json")
                .ok()
                .get(0);
        assertThat(event.at("/data/app_deletion/deleted_resources").findValuesAsText("id"))
                .containsExactly(own);
    }

    @Test
    void anAppIsLinkedToAResourceAndUnlinkedAndTheResourceLivesOn() {
        addProvider();
        controller.createApp("ledger");
        String other = controller.createApp("other");
        String id = addResource("[\"ledger\"]").get("id").asText();
        String link = "/providers/postgres/resources/" + id + "/apps/other";

        assertThat(controller.put(link, "").ok().get("apps")).hasSize(2);
        assertThat(controller.put(link, "").ok().get("apps")).hasSize(2);
        assertThat(controller.get("/apps/other/resources").ok()).hasSize(1);
        assertThat(controller.delete(link).ok().get("apps")).hasSize(1);

        assertThat(controller.get("/apps/other/resources").ok()).isEmpty();
        assertThat(controller.get("/resources").ok().findValuesAsText("id")).containsExactly(id);
        assertThat(controller.delete(link).status()).isEqualTo(404);
        JsonNode events = controller
                .get("/events?object_types=resource,resource_app_deletion", "Accept", "application/json")
                .ok();
        assertThat(events.findValuesAsText("object_type"))
                .containsExactly("resource_app_deletion", "resource", "resource");
        assertThat(events.get(0).get("app").asText()).isEqualTo(other);
        assertThat(requests).noneMatch(request -> request.startsWith("DELETE"));
    }
}
