package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DockerCommandTest {

    private static final String ID = "5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10";
    private static final String TIMES =
            "\"created_at\":\"2015-12-14T09:12:03.4Z\",\"updated_at\":\"2015-12-14T09:12:03.4Z\"";
    private static final String CONFIG =
            "{\"config\":{\"Entrypoint\":[\"/run\"],\"Cmd\":[\"serve\",\"-v\"],\"Env\":[\"MODE=image\",\"LIST=a\\tb\"]}}";

    @TempDir
    Path directory;

    private Cli cli;
    private Path archive;
    private String digest;

    @BeforeEach
    void open() throws IOException {
        cli = new Cli(directory).withCluster();
        archive = directory.resolve("work").resolve("image.tar");
        write("[{\"Config\":\"abc.json\",\"RepoTags\":[\"shop:v2\"],\"Layers\":[]}]");
        digest = sha256(Files.readAllBytes(archive));
        String release = "{\"id\":\"%s\",\"env\":{\"MODE\":\"mine\"},\"processes\":{},%s}".formatted(ID, TIMES);
        cli.answer(
                        "GET /apps/shop",
                        "{\"id\":\"%s\",\"name\":\"shop\",\"meta\":{},\"strategy\":\"all-at-once\",%s}"
                                .formatted(ID, TIMES))
                .answer("GET /apps/shop/release", release)
                .answer("PUT /apps/shop/images/" + digest, artifact())
                .answer("POST /releases", release)
                .answer(
                        "POST /apps/shop/deploy",
                        ("{\"id\":\"%s\",\"app\":\"%s\",\"new_release\":\"%s\",\"strategy\":\"all-at-once\","
                                        + "\"status\":\"complete\",\"deploy_timeout\":30,\"created_at\":\"2015-12-14T09:30:11Z\"}")
                                .formatted(ID, ID, ID));
    }

    @AfterEach
    void close() {
        cli.close();
    }

    private static String artifact() {
        return "{\"id\":\"%s\",\"type\":\"docker\",\"uri\":\"http://blobstore.discoverd/images/x.tar\",\"created_at\":\"2015-12-14T09:12:03Z\"}"
                .formatted(ID);
    }

    private void write(String manifest) throws IOException {
        try (OutputStream out = Files.newOutputStream(archive)) {
            var tar = new TarWriter(out, "", Instant.EPOCH);
            tar.add("abc.json", CONFIG.getBytes(StandardCharsets.UTF_8));
            tar.add("manifest.json", manifest.getBytes(StandardCharsets.UTF_8));
            tar.end();
        }
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void sendsTheImageAndDeploysWhatItSays() {
        Cli.Result result = cli.run("-a", "shop", "docker", "push", "-f", "image.tar", "shop:v2");

        assertThat(result).isEqualTo(new Cli.Result(0, "", """
                        deploying Docker image: shop:v2
                        uploading image %s
                        Docker image deployed, scale it with 'flynn scale app=N'
                        """.formatted(digest)));
        assertThat(cli.bodies("PUT /apps/shop/images/" + digest)).hasSize(1);
        JsonNode release = new FlynnJson().readTree(cli.bodies("POST /releases").get(0));
        assertThat(release.path("artifacts").get(0).asText()).isEqualTo(ID);
        assertThat(release.path("env")).hasToString("{\"LIST\":\"a\\tb\",\"MODE\":\"mine\"}");
        JsonNode process = release.path("processes").path("app");
        assertThat(process.path("entrypoint")).hasToString("[\"/run\"]");
        assertThat(process.path("cmd")).hasToString("[\"serve\",\"-v\"]");
        assertThat(process.path("service").asText()).isEqualTo("shop-web");
        assertThat(process.path("ports").get(0).path("port").asInt()).isEqualTo(8080);
        assertThat(process.path("ports").get(0).path("service").path("name").asText())
                .isEqualTo("shop-web");
    }

    @Test
    void sendsNothingThatTheClusterHas() {
        cli.answer("GET /apps/shop/images/" + digest, artifact());

        Cli.Result result = cli.run("-a", "shop", "docker", "push", "-f", "image.tar", "shop:v2", "--json");

        assertThat(result.status()).isZero();
        assertThat(new FlynnJson().readTree(result.out()).path("id").asText()).isEqualTo(ID);
        assertThat(cli.requests()).noneMatch(request -> request.startsWith("PUT"));
    }

    @Test
    void portsThatAreThereStay() {
        cli.answer(
                "GET /apps/shop/release",
                "{\"id\":\"%s\",\"processes\":{\"app\":{\"cmd\":[\"old\"],\"ports\":[{\"port\":9000,\"proto\":\"tcp\"}]}},%s}"
                        .formatted(ID, TIMES));

        assertThat(cli.run("-a", "shop", "docker", "push", "-f", "image.tar", "shop:v2")
                        .status())
                .isZero();

        JsonNode process = new FlynnJson()
                .readTree(cli.bodies("POST /releases").get(0))
                .path("processes")
                .path("app");
        assertThat(process.path("ports")).hasToString("[{\"port\":9000,\"proto\":\"tcp\"}]");
        assertThat(process.has("service")).isFalse();
    }

    @Test
    void asksDockerForTheImage() throws IOException {
        Path bin = Files.createDirectory(directory.resolve("bin"));
        Path docker = bin.resolve("docker");
        Files.writeString(
                docker,
                "#!/bin/sh\n[ \"$5\" = shop:v2 ] || { echo no such image; exit 1; }\ncp '%s' \"$3\"\n"
                        .formatted(archive));
        assertThat(docker.toFile().setExecutable(true)).isTrue();
        cli.set("PATH", bin + ":/usr/bin:/bin");

        assertThat(cli.run("-a", "shop", "docker", "push", "shop:v2").err()).isEqualTo("""
                        deploying Docker image: shop:v2
                        exporting image with 'docker save shop:v2'
                        uploading image %s
                        Docker image deployed, scale it with 'flynn scale app=N'
                        """.formatted(digest));
        assertThat(cli.run("-a", "shop", "docker", "push", "other")).isEqualTo(new Cli.Result(1, "", """
                        deploying Docker image: other
                        exporting image with 'docker save other'
                        docker save failed: no such image
                        """));
    }

    @Test
    void whatIsNoImageIsRefusedBeforeAnythingIsSent() throws IOException {
        write("[]");
        assertThat(cli.run("-a", "shop", "docker", "push", "-f", "image.tar", "x")
                        .err())
                .contains("has 0 images: save one alone");
        Files.writeString(archive, "x".repeat(1024));
        assertThat(cli.run("-a", "shop", "docker", "push", "-f", "image.tar", "x")
                        .err())
                .contains("cannot read the image: this is no tar archive");

        assertThat(cli.requests()).isEmpty();
    }

    @Test
    void theFormsOfOtherDaysSayThatTheyAreNotNeeded() {
        assertThat(cli.run("-a", "shop", "docker", "login").err()).contains("Nothing to do");
    }
}
