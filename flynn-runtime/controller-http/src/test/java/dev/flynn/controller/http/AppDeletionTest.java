package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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
class AppDeletionTest {

    @TempDir
    Path directory;

    private final List<String> blobstoreRequests = new CopyOnWriteArrayList<>();
    private volatile int blobstoreStatus = 404;
    private TestController controller;
    private HttpServer blobstore;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
        blobstore = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        blobstore.createContext("/", exchange -> {
            blobstoreRequests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                    + exchange.getRequestHeaders().getFirst("Authorization"));
            exchange.sendResponseHeaders(blobstoreStatus, -1);
            exchange.close();
        });
        blobstore.start();
    }

    @AfterEach
    void stop() {
        blobstore.stop(0);
        controller.close();
    }

    private void registerBlobstore() {
        controller.discovery.createService("blobstore", LeaderType.OLDEST);
        controller.discovery.register(
                "blobstore",
                Instance.of("http", "127.0.0.1:" + blobstore.getAddress().getPort(), Map.of()));
    }

    private JsonNode deletionEvents() {
        return controller
                .get("/events?object_types=app_deletion", "Accept", "application/json")
                .ok();
    }

    @Test
    void theAppItsRoutesAndFormationsGoAndItsReleasesStay() {
        String app = controller.createApp("ledger");
        String release = controller.createRelease("{\"web\":{}}");
        controller
                .put("/apps/ledger/formations/" + release, "{\"processes\":{\"web\":1}}")
                .ok();
        controller
                .post(
                        "/apps/ledger/routes",
                        "{\"type\":\"http\",\"domain\":\"ledger.flynn.test\",\"path\":\"/admin\",\"service\":\"x\"}")
                .ok();
        int scaleEvents = controller
                .get("/events?object_types=scale", "Accept", "application/json")
                .ok()
                .size();
        controller.startWorker();

        assertThat(controller.delete("/apps/ledger").status()).isEqualTo(200);
        await().until(() -> controller.get("/apps/ledger").status() == 404);

        JsonNode event = deletionEvents().get(0);
        assertThat(event.get("app").asText()).isEqualTo(app);
        assertThat(event.at("/data/error").asText()).isEmpty();
        assertThat(event.at("/data/app_deletion/app").asText()).isEqualTo(app);
        assertThat(event.at("/data/app_deletion/deleted_routes").findValuesAsText("path"))
                .containsExactly("/admin/", "/");
        assertThat(event.at("/data/app_deletion/deleted_resources").isNull()).isTrue();
        assertThat(controller.state.formations().list()).isEmpty();
        assertThat(controller.state.routes().list()).isEmpty();
        assertThat(controller.get("/releases/" + release).status()).isEqualTo(200);
        assertThat(controller
                        .get("/events?object_types=scale", "Accept", "application/json")
                        .ok())
                .hasSize(scaleEvents);
        assertThat(controller
                        .get("/events?object_types=route_deletion", "Accept", "application/json")
                        .ok())
                .hasSize(2);
    }

    @Test
    void theNameAndTheDomainAreFreeAgain() {
        controller.createApp("ledger");
        controller.startWorker();
        controller.delete("/apps/ledger").ok();
        await().until(() -> controller.get("/apps/ledger").status() == 404);

        controller.createApp("ledger");

        assertThat(controller.get("/apps/ledger/routes").ok()).hasSize(1);
    }

    @Test
    void deletingIsOnlyQueuedAndMayBeAskedForTwice() {
        controller.createApp("ledger");

        assertThat(controller.delete("/apps/ledger").status()).isEqualTo(200);
        assertThat(controller.delete("/apps/ledger").status()).isEqualTo(200);

        assertThat(controller.get("/apps/ledger").status()).isEqualTo(200);
        assertThat(controller.delete("/apps/nobody").status()).isEqualTo(404);
    }

    @Test
    void whatGitKeptIsDeletedWithTheClustersKey() {
        registerBlobstore();
        String app = controller.createApp("ledger");
        controller.startWorker();

        controller.delete("/apps/ledger").ok();
        await().until(() -> controller.get("/apps/ledger").status() == 404);

        String key = TestController.authorization(TestController.KEY);
        assertThat(blobstoreRequests)
                .containsExactly("DELETE /repos/" + app + ".bundle " + key, "DELETE /" + app + "-cache.tgz " + key);
    }

    @Test
    void anAttemptThatFailsIsToldAndRepeated() {
        registerBlobstore();
        blobstoreStatus = 500;
        String app = controller.createApp("ledger");
        controller.startWorker();

        controller.delete("/apps/ledger").ok();
        await().until(() -> deletionEvents().size() == 1);
        assertThat(deletionEvents().get(0).at("/data/error").asText())
                .isEqualTo("the blobstore answered 500 to DELETE /repos/" + app + ".bundle");
        assertThat(controller.get("/apps/ledger").status()).isEqualTo(200);

        blobstoreStatus = 200;
        await().until(() -> controller.get("/apps/ledger").status() == 404);
        assertThat(deletionEvents()).hasSize(2);
        assertThat(deletionEvents().get(0).at("/data/error").asText()).isEmpty();
    }

    @Test
    void severalWorkersDeleteAnAppOnce() {
        for (int i = 0; i < 3; i++) {
            controller.startWorker();
        }
        for (int i = 0; i < 10; i++) {
            controller.createApp("app" + i);
            controller.delete("/apps/app" + i).ok();
        }
        await().until(() -> controller.get("/apps").json().isEmpty());

        assertThat(deletionEvents()).hasSize(10);
    }
}
