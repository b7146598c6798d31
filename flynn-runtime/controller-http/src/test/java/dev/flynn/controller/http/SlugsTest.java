package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.controller.http.TestController.Answer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SlugsTest {

    private static final String SLUG = "/" + UUID.randomUUID() + ".tgz";

    /** More than a request with JSON may have, and than any buffer on the way. */
    private static final String LARGE = "0123456789abcdef".repeat(1 << 17);

    @TempDir
    Path directory;

    private Map<String, String> blobs;
    private TestController controller;
    private PlayedBlobstore blobstore;
    private String release;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
        controller.createApp("ledger");
        controller.createApp("other");
        blobstore = new PlayedBlobstore(controller);
        blobs = blobstore.blobs;
        release = release("http://blobstore.discoverd" + SLUG);
    }

    @AfterEach
    void stop() {
        blobstore.close();
        controller.close();
    }

    private String release(String slug) {
        String app = controller.get("/apps/ledger").ok().get("id").asText();
        return controller
                .post("/releases", "{\"app_id\":\"%s\",\"env\":{\"SLUG_URL\":\"%s\"}}".formatted(app, slug))
                .ok()
                .get("id")
                .asText();
    }

    private static String path(String app, String release) {
        return "/apps/" + app + "/releases/" + release + "/slug";
    }

    @Test
    void aSlugIsStoredOnceAndRead() {
        assertThat(controller.get(path("ledger", release)).status()).isEqualTo(404);

        assertThat(controller.put(path("ledger", release), LARGE).ok().isNull()).isTrue();

        assertThat(blobs).containsExactly(Map.entry(SLUG, LARGE));
        Answer slug = controller.get(path("ledger", release));
        assertThat(slug.status()).isEqualTo(200);
        assertThat(slug.body()).isEqualTo(LARGE);
        assertThat(slug.header("Content-Length")).isEqualTo(String.valueOf(LARGE.length()));
        assertThat(slug.header("Content-Type")).isEqualTo("application/gzip");

        Answer again = controller.put(path("ledger", release), "another");
        assertThat(again.status()).isEqualTo(409);
        assertThat(again.json().get("message").asText())
                .isEqualTo("release %s has its slug already".formatted(release));
        assertThat(blobs).containsExactly(Map.entry(SLUG, LARGE));
    }

    @Test
    void onlyASlugOfTheAppsOwnReleaseCanBeHad() {
        blobs.put("/repos/5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10.tar", "a repository");
        blobs.put("/5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10-cache.tgz", "a cache");
        blobs.put(SLUG, "a slug");

        assertThat(controller.get(path("other", release)).status()).isEqualTo(404);
        assertThat(controller.get(path("ledger", UUID.randomUUID().toString())).status())
                .isEqualTo(404);
        for (String blob : blobs.keySet()) {
            String url = "http://blobstore.discoverd" + blob;
            assertThat(controller.get(path("ledger", release(url))).status()).isEqualTo(blob.equals(SLUG) ? 200 : 400);
        }
        Answer elsewhere = controller.get(path("ledger", release("http://elsewhere.example.net" + SLUG)));
        assertThat(elsewhere.status()).isEqualTo(400);
        assertThat(elsewhere.json().get("message").asText())
                .contains("SLUG_URL", "http://blobstore.discoverd/<uuid>.tgz", "elsewhere.example.net");
    }

    @Test
    void aKeyOfTheAppStoresItWholeAndOneThatMayOnlyLookGetsNone() {
        String own = key("own", "app:ledger");
        String reader = key("reader", "read");

        assertThat(controller
                        .sendWith(own, "PUT", path("ledger", release), LARGE)
                        .status())
                .isEqualTo(200);

        assertThat(blobs).containsExactly(Map.entry(SLUG, LARGE));
        assertThat(controller.sendWith(own, "GET", path("ledger", release), "").body())
                .isEqualTo(LARGE);
        assertThat(controller
                        .sendWith(reader, "GET", path("ledger", release), "")
                        .status())
                .isEqualTo(403);
        assertThat(controller.sendWith(own, "GET", path("other", release), "").status())
                .isEqualTo(403);
    }

    private String key(String name, String scope) {
        return controller
                .post("/access-keys", "{\"name\":\"%s\",\"scopes\":[\"%s\"]}".formatted(name, scope))
                .ok()
                .get("key")
                .asText();
    }
}
