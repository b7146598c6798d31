package dev.flynn.images;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.api.id.JobId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With Debian's docker-registry, and images that skopeo pushes to it. */
class RegistryTest {

    private static final JobId JOB = new JobId("host-1");

    /** Of the password "secret:pw". */
    private static final String HTPASSWD = "flynn:$2y$05$abcdefghijklmnopqrstuuF8wB/YGVqGkGmN5xh/p1rGGl.BAQKiG\n";

    @TempDir
    private Path temp;

    private Process registry;
    private String host;
    private ImageStore store;

    @BeforeEach
    void needsTools() {
        assumeTrue(Files.exists(Path.of("/usr/bin/docker-registry")), "needs docker-registry");
        assumeTrue(Files.exists(Path.of("/usr/bin/skopeo")), "needs skopeo");
    }

    @AfterEach
    void stop() throws Exception {
        if (store != null) {
            store.close();
        }
        stopRegistry();
    }

    private void stopRegistry() throws InterruptedException {
        if (registry != null) {
            registry.destroyForcibly().waitFor();
        }
    }

    @Test
    void anImageIsPulledByTagAndByDigest() throws Exception {
        startRegistry("");
        openStore(Set.of(host));
        push(TestImage.of(new LayerTar().file("a", "low"), new LayerTar().file("a", "high")), "team/app:v1");

        List<Path> byTag = store.open(TestImage.docker("docker://" + host + "/team/app:v1"), JOB)
                .layers();
        assertThat(byTag.get(0).resolve("a")).hasContent("high");
        assertThat(byTag.get(1).resolve("a")).hasContent("low");
        String byDigest = "docker://" + host + "/team/app@" + digest("team/app:v1");
        assertThat(store.open(TestImage.docker(byDigest), new JobId("host-2")).layers())
                .isEqualTo(byTag);
        String historic = "http://" + host + "?name=team/app&tag=v1";
        assertThat(store.open(TestImage.docker(historic), new JobId("host-3")).layers())
                .isEqualTo(byTag);
        assertThat(store.usage().blobBytes()).as("only configurations are kept").isLessThan(1000);
    }

    @Test
    void aManifestOfDockersOwnKindIsUnderstood() throws Exception {
        startRegistry("");
        openStore(Set.of(host));
        push(TestImage.of(new LayerTar().file("a", "x")), "app:v1", "--format", "v2s2");

        assertThat(store.open(TestImage.docker("docker://" + host + "/app:v1"), JOB)
                        .layers()
                        .get(0)
                        .resolve("a"))
                .hasContent("x");
    }

    @Test
    void aRegistryWithoutTlsIsSpokenToOnlyIfTheSettingSaysSo() throws Exception {
        startRegistry("");
        openStore(Set.of());
        push(TestImage.of(new LayerTar().file("a", "x")), "app:v1");

        assertThatThrownBy(() -> store.open(TestImage.docker("docker://" + host + "/app:v1"), JOB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("does not answer");
        assertThatThrownBy(() -> store.open(TestImage.docker("http://" + host + "?name=team/app"), JOB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("setting of insecure registries");
    }

    @Test
    void whatTheRegistryDoesNotHaveIsSaid() throws Exception {
        startRegistry("");
        openStore(Set.of(host));
        push(TestImage.of(new LayerTar()), "app:v1");

        assertThatThrownBy(() -> store.open(TestImage.docker("docker://" + host + "/app:v2"), JOB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("/app:v2 does not exist")
                .isNotInstanceOf(RegistryUnavailableException.class);
        assertThatThrownBy(() -> store.open(TestImage.docker("docker://" + host + "/other"), JOB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("does not exist");
    }

    @Test
    void aTagIsAskedForAgainAndTheImageThatIsHereServesWhileTheRegistryIsDown() throws Exception {
        startRegistry("");
        openStore(Set.of(host));
        var image = TestImage.docker("docker://" + host + "/app:v1");
        push(TestImage.of(new LayerTar().file("a", "old")), "app:v1");
        assertThat(store.open(image, JOB).layers().get(0).resolve("a")).hasContent("old");
        push(TestImage.of(new LayerTar().file("a", "newer")), "app:v1");
        assertThat(store.open(image, new JobId("host-2")).layers().get(0).resolve("a"))
                .hasContent("newer");

        stopRegistry();
        assertThat(store.open(image, new JobId("host-3")).layers().get(0).resolve("a"))
                .hasContent("newer");
        assertThatThrownBy(() -> store.open(TestImage.docker("docker://" + host + "/app:v2"), JOB))
                .isInstanceOf(RegistryUnavailableException.class);
    }

    @Test
    void credentialsComeFromDockersConfigurationOrFromTheUri() throws Exception {
        Path passwords = Files.writeString(temp.resolve("htpasswd"), HTPASSWD);
        startRegistry("auth: {htpasswd: {realm: test, path: %s}}\n".formatted(passwords));
        push(TestImage.of(new LayerTar().file("a", "x")), "app:v1", "--dest-creds", "flynn:secret:pw");
        var image = TestImage.docker("docker://" + host + "/app:v1");

        openStore(Set.of(host));
        assertThatThrownBy(() -> store.open(image, JOB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("does not let us read app");
        var historic = TestImage.docker("http://flynn:secret:pw@" + host + "?name=library/app&tag=v1");
        assertThatThrownBy(() -> store.open(historic, JOB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("library/app")
                .hasMessageNotContaining("secret");
        store.close();

        String auth = Base64.getEncoder().encodeToString("flynn:secret:pw".getBytes(UTF_8));
        Path config = Files.writeString(
                temp.resolve("config.json"), "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}".formatted(host, auth));
        store = ImageStore.open(
                temp.resolve("store"),
                settings(Set.of(host)).toBuilder()
                        .credentials(Optional.of(config))
                        .build());
        assertThat(store.open(image, JOB).layers()).hasSize(1);
    }

    @Test
    void aLayerThatTheRegistryLostOrForgedIsRefused() throws Exception {
        startRegistry("");
        openStore(Set.of(host));
        push(TestImage.of(new LayerTar().file("a", "no two lines are alike")), "app:v1");
        forgeLayer();

        assertThatThrownBy(() -> store.open(TestImage.docker("docker://" + host + "/app:v1"), JOB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("damaged or forged");
        assertThat(temp.resolve("store/layers")).isEmptyDirectory();
        assertThat(temp.resolve("store/tmp")).isEmptyDirectory();
        assertThat(temp.resolve("store/blobs/sha256")).isEmptyDirectory();
    }

    /** The one that is compressed. */
    private void forgeLayer() throws IOException {
        try (var files = Files.walk(temp.resolve("registry"))) {
            for (Path blob : files.filter(file -> file.endsWith("data")).toList()) {
                byte[] content = Files.readAllBytes(blob);
                if (content[0] == 0x1f) {
                    content[content.length / 2] ^= 1;
                    Files.write(blob, content);
                }
            }
        }
    }

    private void startRegistry(String more) throws Exception {
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        host = "127.0.0.1:" + port;
        Path config =
                Files.writeString(temp.resolve("registry.yml"), """
                version: 0.1
                log: {level: error}
                storage: {filesystem: {rootdirectory: %s}}
                http: {addr: "%s"}
                """.formatted(temp.resolve("registry"), host) + more);
        registry = new ProcessBuilder("docker-registry", "serve", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(temp.resolve("registry.log").toFile())
                .start();
        var client = HttpClient.newHttpClient();
        var request =
                HttpRequest.newBuilder(URI.create("http://" + host + "/v2/")).build();
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .until(() -> client.send(request, HttpResponse.BodyHandlers.discarding())
                                .statusCode()
                        > 0);
    }

    private void openStore(Set<String> insecure) throws IOException {
        store = ImageStore.open(temp.resolve("store"), settings(insecure));
    }

    private static ImageSettings settings(Set<String> insecure) {
        return ImageSettings.DEFAULT.toBuilder()
                .reserveBytes(0)
                .tagFreshness(Duration.ZERO)
                .retryPause(Duration.ofMillis(1))
                .insecureRegistries(insecure)
                .build();
    }

    private void push(TestImage image, String name, String... options) throws Exception {
        Path layout = Files.createTempDirectory(temp, "layout");
        String source = TestImage.write(image.layout("v1"), layout, "v1").uri();
        var command = new java.util.ArrayList<>(
                List.of("skopeo", "--insecure-policy", "copy", "-q", "--dest-tls-verify=false"));
        command.addAll(List.of(options));
        command.addAll(List.of(source, "docker://" + host + "/" + name));
        assertThat(LayerUnpackerTest.run(command.toArray(String[]::new))).isEmpty();
    }

    private String digest(String name) throws Exception {
        return LayerUnpackerTest.run(
                        "skopeo",
                        "inspect",
                        "--tls-verify=false",
                        "--format={{.Digest}}",
                        "docker://" + host + "/" + name)
                .trim();
    }
}
