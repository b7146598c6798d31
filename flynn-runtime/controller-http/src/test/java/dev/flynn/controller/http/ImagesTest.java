package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.controller.http.TestController.Answer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImagesTest {

    /** Longer than a body of JSON may be. */
    private static final String ARCHIVE = "an archive".repeat(200_000);

    @TempDir
    Path directory;

    private Map<String, String> blobs;
    private TestController controller;
    private PlayedBlobstore blobstore;
    private String app;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
        app = controller.createApp("ledger");
        controller.createApp("other");
        blobstore = new PlayedBlobstore(controller);
        blobs = blobstore.blobs;
    }

    @AfterEach
    void stop() {
        blobstore.close();
        controller.close();
    }

    private static String digest(String content) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static String path(String app, String digest) {
        return "/apps/" + app + "/images/" + digest;
    }

    @Test
    void anImageIsStoredAndFoundByItsDigest() {
        String digest = digest(ARCHIVE);
        assertThat(controller.get(path("ledger", digest)).status()).isEqualTo(404);

        JsonNode artifact = controller.put(path("ledger", digest), ARCHIVE).ok();

        assertThat(artifact.get("type").asText()).isEqualTo("docker");
        String uri = artifact.get("uri").asText();
        assertThat(uri)
                .startsWith("http://blobstore.discoverd/images/" + app + "/" + digest)
                .endsWith(".tar");
        assertThat(blobs).containsExactly(Map.entry(uri.substring("http://blobstore.discoverd".length()), ARCHIVE));
        assertThat(controller.get(path("ledger", digest)).ok().get("id")).isEqualTo(artifact.get("id"));
        assertThat(controller.get(path("other", digest)).status()).isEqualTo(404);

        blobs.clear();
        assertThat(controller.get(path("ledger", digest)).status()).isEqualTo(404);
    }

    @Test
    void somethingElseThanItWasSaidToBeIsNotStored() {
        Answer answer = controller.put(path("ledger", digest("another")), ARCHIVE);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().get("message").asText()).contains("SHA256 mismatch", digest(ARCHIVE));
        assertThat(blobs).isEmpty();
        assertThat(controller
                        .put(path("ledger", "latest"), ARCHIVE)
                        .json()
                        .get("message")
                        .asText())
                .contains("SHA-256", "latest");
    }

    @Test
    void aKeyThatMayDeployMaySendOneToItsAppAndAReaderMayNot() {
        String deployer = key("ci", "deploy,app:ledger");
        String reader = key("reader", "read");
        String digest = digest(ARCHIVE);

        assertThat(controller
                        .sendWith(reader, "PUT", path("ledger", digest), ARCHIVE)
                        .status())
                .isEqualTo(403);
        assertThat(controller
                        .sendWith(deployer, "PUT", path("other", digest), ARCHIVE)
                        .status())
                .isEqualTo(403);
        assertThat(controller
                        .sendWith(deployer, "PUT", path("ledger", digest), ARCHIVE)
                        .status())
                .isEqualTo(200);
        assertThat(controller
                        .sendWith(deployer, "GET", path("ledger", digest), "")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void itGoesWithTheLastReleaseThatHasIt() {
        var unused = controller.startWorker();
        String image = controller
                .put(path("ledger", digest(ARCHIVE)), ARCHIVE)
                .ok()
                .get("id")
                .asText();
        String first = release(image);
        String second = release(image);
        controller
                .put("/apps/ledger/release", "{\"id\":\"%s\"}".formatted(release("")))
                .ok();

        controller.delete("/apps/ledger/releases/" + first).ok();
        await().until(() -> controller.get("/releases/" + first).status() == 404);
        assertThat(blobs).hasSize(1);

        controller.delete("/apps/ledger/releases/" + second).ok();
        await().until(blobs::isEmpty);
        assertThat(controller.get("/artifacts/" + image).status()).isEqualTo(404);
    }

    private String release(String image) {
        return controller
                .post("/releases", "{\"app_id\":\"%s\",\"artifact\":\"%s\"}".formatted(app, image))
                .ok()
                .get("id")
                .asText();
    }

    private String key(String name, String scopes) {
        return controller
                .post(
                        "/access-keys",
                        "{\"name\":\"%s\",\"scopes\":[\"%s\"]}".formatted(name, scopes.replace(",", "\",\"")))
                .ok()
                .get("key")
                .asText();
    }
}
