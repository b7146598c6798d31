package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class BackupTest {

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

    private void scaledApp(String name) {
        controller.createApp(name);
        String release = controller.createRelease("{\"web\":{}}");
        controller
                .put("/apps/%s/release".formatted(name), "{\"id\":\"%s\"}".formatted(release))
                .ok();
        controller
                .put("/apps/%s/formations/%s".formatted(name, release), "{\"processes\":{\"web\":1}}")
                .ok();
    }

    private HttpResponse<byte[]> backup() throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/backup?key=%s"
                                        .formatted(controller.port(), TestController.KEY)))
                                .build(),
                        HttpResponse.BodyHandlers.ofByteArray());
    }

    @Test
    void itIsAnArchiveThatTarReads() throws Exception {
        scaledApp("controller");

        HttpResponse<byte[]> response = backup();

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).contains("application/tar");
        assertThat(response.headers().firstValue("Content-Disposition").orElse(""))
                .matches("attachment; filename=\"flynn-backup-\\d{4}-\\d\\d-\\d\\d_\\d{6}\\.tar\"");
        Path archive = directory.resolve("backup.tar");
        Files.write(archive, response.body());
        Process tar = new ProcessBuilder("tar", "-xf", archive.toString(), "-C", directory.toString())
                .redirectErrorStream(true)
                .start();
        assertThat(new String(tar.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEmpty();
        assertThat(tar.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(tar.exitValue()).isZero();
        String name =
                response.headers().firstValue("Content-Disposition").orElse("").replaceFirst(".*\"(.*)\\.tar\"", "$1");

        String text = Files.readString(directory.resolve(name).resolve("flynn.json"));
        assertThat(text).startsWith("{\n  \"controller\"").endsWith("}\n");
        JsonNode flynn = controller.json.readTree(text);
        assertThat(flynn.at("/controller/app/name").asText()).isEqualTo("controller");
        assertThat(flynn.at("/controller/processes/web").asInt()).isEqualTo(1);
        assertThat(flynn.at("/controller/updated_at").asText()).isEqualTo("0001-01-01T00:00:00Z");
        byte[] store = Files.readAllBytes(directory.resolve(name).resolve("store.json.gz"));
        String lines =
                new String(new GZIPInputStream(new ByteArrayInputStream(store)).readAllBytes(), StandardCharsets.UTF_8);
        assertThat(lines.lines()
                        .map(line -> controller.json.readTree(line).get("key").asText()))
                .contains("app-names/controller")
                .anyMatch(key -> key.startsWith("formations/"));
    }

    @Test
    void slugsAndRepositoriesAreInItAndCachesAreNot() throws Exception {
        String app = controller.createApp("ledger");
        String slug = UUID.randomUUID() + ".tgz";
        controller
                .post(
                        "/releases",
                        "{\"app_id\":\"%s\",\"env\":{\"SLUG_URL\":\"http://blobstore.discoverd/%s\"}}"
                                .formatted(app, slug))
                .ok();
        try (var blobstore = new PlayedBlobstore(controller)) {
            blobstore.blobs.putAll(Map.of(
                    "/" + slug, "the slug", "/repos/" + app + ".bundle", "the history", "/" + app + "-cache.tgz", "x"));
            Files.write(directory.resolve("backup.tar"), backup().body());
        }

        assertThat(tar("-tf", "backup.tar").lines().map(name -> name.replaceFirst("[^/]*/", "")))
                .containsExactly("flynn.json", "store.json.gz", "blobs/" + slug, "blobs/repos/" + app + ".bundle");
        assertThat(tar("-xOf", "backup.tar", "--wildcards", "*/blobs/" + slug)).isEqualTo("the slug");
    }

    private String tar(String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of("tar"));
        command.addAll(List.of(args));
        Process tar = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        return new String(tar.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void whoAsksForJsonIsToldOfTheLatest() throws Exception {
        assertThat(controller.get("/backup", "Accept", "application/json").status())
                .isEqualTo(404);

        byte[] archive = backup().body();

        JsonNode latest =
                controller.get("/backup", "Accept", "application/json").ok();
        assertThat(latest.get("status").asText()).isEqualTo("complete");
        assertThat(latest.get("size").asLong()).isEqualTo(archive.length);
        assertThat(latest.get("sha512").asText())
                .isEqualTo(HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-512").digest(archive)));
        List<String> told = controller
                .get("/events?object_types=cluster_backup", "Accept", "application/json")
                .ok()
                .findValuesAsText("status");
        assertThat(told).containsExactly("complete", "running");
    }

    @Test
    void aDatabaseThatWouldBeMissingIsNotPassedOver() {
        scaledApp("postgres");

        assertThat(controller.get("/backup").json().get("message").asText()).contains("databases of app \"postgres\"");
    }
}
