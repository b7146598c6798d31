package dev.flynn.images;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a registry that misbehaves, and with one that wants tokens. */
class RegistryClientTest {

    private static final JobId JOB = new JobId("host-1");

    @TempDir
    private Path temp;

    private final TestImage image = TestImage.of(new LayerTar().file("a", "low"), new LayerTar().file("a", "high"));
    private StubRegistry registry;
    private ImageStore store;

    @BeforeEach
    void start() throws IOException {
        registry = new StubRegistry();
        store = ImageStore.open(temp.resolve("store"), settings());
    }

    @AfterEach
    void stop() throws IOException {
        store.close();
        registry.close();
    }

    @Test
    void aTokenIsFetchedWithTheCredentialsThatAreSet() throws IOException {
        registry.image("token/app", "v1", image);
        String manifest = "/v2/token/app/manifests/v1";
        var logins = new CopyOnWriteArrayList<String>();
        registry.on("/token", exchange -> {
            logins.add(exchange.getRequestHeaders().getFirst("Authorization"));
            StubRegistry.ok("{\"token\":\"abc\",\"expires_in\":60}").give(exchange);
        });
        byte[] content = image.registry("v1").get("manifests/v1");
        registry.on(manifest, exchange -> {
            if ("Bearer abc".equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                StubRegistry.ok(content).give(exchange);
            } else {
                exchange.getResponseHeaders()
                        .add(
                                "WWW-Authenticate",
                                "Bearer realm=\"http://%s/token\",service=\"stub\",scope=\"repository:token/app:pull\""
                                        .formatted(registry.host()));
                exchange.sendResponseHeaders(401, -1);
            }
        });
        String auth = Base64.getEncoder().encodeToString("me:pass:word".getBytes(UTF_8));
        Path config = Files.writeString(
                temp.resolve("config.json"), "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}".formatted(registry.host(), auth));
        store.close();
        store = ImageStore.open(
                temp.resolve("store"),
                settings().toBuilder().credentials(Optional.of(config)).build());

        assertThat(store.open(named("token/app:v1"), JOB).layers()).hasSize(2);
        assertThat(logins).containsOnly("Basic " + auth);
    }

    @Test
    void credentialsAreNotSentToWhereARegistryRedirects() throws Exception {
        var seen = new AtomicReference<String>("nothing");
        try (var storage = new StubRegistry()) {
            var withPassword = TestImage.docker("http://me:secret@" + registry.host() + "?name=app/x&tag=v1");
            image.registry("v1").forEach((path, content) -> {
                if (path.startsWith("manifests")) {
                    registry.on("/v2/app/x/" + path, StubRegistry.ok(content));
                } else {
                    registry.on("/v2/app/x/" + path, StubRegistry.redirect("http://" + storage.host() + "/" + path));
                    storage.on("/" + path, exchange -> {
                        seen.set(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
                        StubRegistry.ok(content).give(exchange);
                    });
                }
            });
            assertThat(store.open(withPassword, JOB).layers()).hasSize(2);
        }
        assertThat(seen).hasValue("null");
        try (var files = Files.walk(temp.resolve("store"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(Files.readAllBytes(file))
                        .as(file.toString())
                        .asString(UTF_8)
                        .doesNotContain("secret");
            }
        }
    }

    @Test
    void aLayerThatBreaksOffIsAskedForAgain() throws IOException {
        registry.image("app", "v1", image);
        String layer = layerPath();
        byte[] content = image.registry("v1").get(layer);
        var attempts = new AtomicInteger();
        registry.on("/v2/app/" + layer, exchange -> {
            exchange.sendResponseHeaders(200, content.length);
            int count = attempts.incrementAndGet() == 1 ? content.length / 2 : content.length;
            exchange.getResponseBody().write(content, 0, count);
            exchange.getResponseBody().flush();
        });

        assertThat(store.open(named("app:v1"), JOB).layers().get(1).resolve("a"))
                .hasContent("low");
        assertThat(attempts).hasValue(2);
    }

    @Test
    void aLayerGoesOnWhereItBrokeOffHoweverOftenThatIs() throws IOException {
        registry.image("app", "v1", image);
        String layer = layerPath();
        byte[] content = image.registry("v1").get(layer);
        List<String> ranges = new CopyOnWriteArrayList<>();
        registry.on("/v2/app/" + layer, exchange -> {
            String range = String.valueOf(exchange.getRequestHeaders().getFirst("Range"));
            ranges.add(range);
            int from = range.equals("null") ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
            exchange.sendResponseHeaders(from == 0 ? 200 : 206, content.length - from);
            exchange.getResponseBody().write(content, from, Math.min(content.length / 5, content.length - from));
            exchange.getResponseBody().flush();
        });

        assertThat(store.open(named("app:v1"), JOB).layers().get(1).resolve("a"))
                .hasContent("low");
        assertThat(ranges).hasSizeGreaterThan(4).startsWith("null", "bytes=%d-".formatted(content.length / 5));
    }

    @Test
    void aRegistryThatIsAskedTooOftenIsLeftAloneForAsLongAsItSays() throws IOException {
        registry.image("app", "v1", image);
        byte[] manifest = image.registry("v1").get("manifests/v1");
        var attempts = new AtomicInteger();
        registry.on("/v2/app/manifests/v1", exchange -> {
            if (attempts.incrementAndGet() == 1) {
                exchange.getResponseHeaders().add("Retry-After", "0");
                exchange.sendResponseHeaders(429, -1);
            } else {
                StubRegistry.ok(manifest).give(exchange);
            }
        });
        assertThat(store.open(named("app:v1"), JOB).layers()).hasSize(2);
        assertThat(attempts).hasValue(2);

        registry.on("/v2/app/manifests/later", exchange -> {
            exchange.getResponseHeaders().add("Retry-After", "21600");
            exchange.sendResponseHeaders(429, -1);
        });
        assertThatThrownBy(() -> store.open(named("app:later"), JOB))
                .isInstanceOf(RegistryUnavailableException.class)
                .hasMessageContaining("status 429")
                .hasMessageContaining("credentials");
        assertThat(registry.requests("/v2/app/manifests/later")).isEqualTo(1);
    }

    @Test
    void whileAnImageIsHereARegistryThatFailsIsAskedOnceAMinute() throws IOException {
        registry.image("app", "v1", image);
        useFreshness(Duration.ZERO);
        List<Path> layers = store.open(named("app:v1"), JOB).layers();
        registry.on("/v2/app/manifests/v1", exchange -> exchange.sendResponseHeaders(503, -1));

        assertThat(store.open(named("app:v1"), new JobId("host-2")).layers()).isEqualTo(layers);
        assertThat(registry.requests("/v2/app/manifests/v1")).isEqualTo(2);
        useFreshness(Duration.ofHours(1));
        assertThat(store.open(named("app:v1"), new JobId("host-3")).layers()).isEqualTo(layers);
        assertThat(registry.requests("/v2/app/manifests/v1")).isEqualTo(2);
    }

    private void useFreshness(Duration freshness) throws IOException {
        store.close();
        store = ImageStore.open(
                temp.resolve("store"),
                settings().toBuilder().tagFreshness(freshness).build());
    }

    @Test
    void aMirrorIsAskedFirstAndPassedOverIfItDoesNotHaveWhatIsWanted() throws IOException {
        registry.image("team/app", "v1", image);
        String second = image.layerPaths().get(1);
        try (var mirror = new StubRegistry()) {
            mirror.image("hub/team/app", "v1", image);
            mirror.on("/v2/hub/team/app/" + second, exchange -> exchange.sendResponseHeaders(500, -1));
            useMirrors(List.of("127.0.0.1:1/gone", mirror.host() + "/hub"), mirror.host());

            assertThat(store.open(named("team/app:v1"), JOB).layers()).hasSize(2);
            assertThat(mirror.requests("/v2/hub/team/app/manifests/v1")).isEqualTo(1);
            assertThat(registry.requests("/v2/team/app/manifests/v1")).isZero();
            assertThat(registry.requests("/v2/team/app/" + layerPath())).isZero();
            assertThat(registry.requests("/v2/team/app/" + second)).isEqualTo(1);
        }
    }

    @Test
    void whatAMirrorForgesIsRefused() throws IOException {
        registry.image("app", "v1", image);
        try (var mirror = new StubRegistry()) {
            mirror.image("app", "v1", image);
            mirror.on(
                    "/v2/app/" + layerPath(),
                    StubRegistry.ok(new byte[image.registry("v1").get(layerPath()).length]));
            useMirrors(List.of(mirror.host()), mirror.host());

            assertThatThrownBy(() -> store.open(named("app:v1"), JOB)).hasMessageContaining("damaged or forged");
        }
    }

    @Test
    void theCredentialsOfAUriAreForItsRegistryAlone() throws IOException {
        registry.image("team/app", "v1", image);
        var seen = new CopyOnWriteArrayList<String>();
        try (var mirror = new StubRegistry()) {
            mirror.on("/v2/team/app/manifests/v1", exchange -> {
                seen.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
                exchange.sendResponseHeaders(404, -1);
            });
            useMirrors(List.of(mirror.host()), mirror.host());

            assertThat(store.open(
                                    TestImage.docker("http://me:secret@" + registry.host() + "?name=team/app&tag=v1"),
                                    JOB)
                            .layers())
                    .hasSize(2);
        }
        assertThat(seen).containsOnly("null");
    }

    private void useMirrors(List<String> mirrors, String insecure) throws IOException {
        store.close();
        store = ImageStore.open(
                temp.resolve("store"),
                settings().toBuilder()
                        .insecureRegistries(Set.of(registry.host(), insecure))
                        .mirrors(Map.of(registry.host(), mirrors))
                        .build());
    }

    @Test
    void whatWasFetchedOfAnImageThatFailedIsNotFetchedAgain() throws IOException {
        registry.image("app", "v1", image);
        List<String> layers = image.layerPaths();
        String second = "/v2/app/" + layers.get(1);
        registry.on(second, exchange -> exchange.sendResponseHeaders(500, -1));
        assertThatThrownBy(() -> store.open(named("app:v1"), JOB))
                .isInstanceOf(RegistryUnavailableException.class)
                .hasMessageContaining("status 500");
        assertThat(registry.requests(second)).as("attempts").isEqualTo(3);
        assertThat(store.usage().images()).isEmpty();
        store.collect();
        registry.image("app", "v1", image);

        assertThat(store.open(named("app:v1"), JOB).layers()).hasSize(2);
        assertThat(registry.requests("/v2/app/" + layers.get(0))).isEqualTo(1);
    }

    @Test
    void aManifestWithoutEndIsRefused() {
        registry.on("/v2/app/manifests/v1", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            byte[] block = " ".repeat(1 << 16).getBytes(UTF_8);
            for (int i = 0; i < 100; i++) {
                exchange.getResponseBody().write(block);
            }
        });

        assertThatThrownBy(() -> store.open(named("app:v1"), JOB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("too large");
    }

    @Test
    void aRegistryOfTheFirstVersionIsToldFromATagThatIsNotThere() {
        assertThatThrownBy(() -> store.open(named("app:v1"), JOB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("app:v1 does not exist");
        registry.forget("/v2/");
        assertThatThrownBy(() -> store.open(named("app:v1"), JOB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("version 1 is not spoken here");
        assertThatThrownBy(() -> ImageUris.check(
                        TestImage.docker("https://registry.example.com?name=team/app&id=" + "ab".repeat(32))))
                .hasMessageContaining("asks for an image by id");
    }

    @Test
    void aBlobOfAnotherLengthOrContentIsRefused() {
        registry.image("app", "v1", image);
        registry.on("/v2/app/" + layerPath(), StubRegistry.ok(new byte[10]));
        assertThatThrownBy(() -> store.open(named("app:v1"), JOB)).hasMessageContaining("truncated");
        registry.on("/v2/app/" + layerPath(), StubRegistry.ok(new byte[1 << 16]));
        assertThatThrownBy(() -> store.open(named("app:v1"), JOB)).hasMessageContaining("more than the");
        registry.on(
                "/v2/app/" + layerPath(),
                StubRegistry.ok(new byte[image.registry("v1").get(layerPath()).length]));
        assertThatThrownBy(() -> store.open(named("app:v1"), JOB)).hasMessageContaining("damaged or forged");
        assertThat(temp.resolve("store/blobs/sha256")).isEmptyDirectory();
        assertThat(temp.resolve("store/tmp")).isEmptyDirectory();
    }

    @Test
    void aManifestThatIsNotOfTheDigestIsRefused() {
        String digest = "sha256:" + "0".repeat(64);
        registry.on(
                "/v2/app/manifests/" + digest,
                StubRegistry.ok(image.registry("v1").get("manifests/v1")));

        assertThatThrownBy(() -> store.open(named("app@" + digest), JOB)).hasMessageContaining("damaged or forged");
    }

    @Test
    void aRegistryThatSaysNothingAnyMoreIsGivenUp() throws Exception {
        var release = new CountDownLatch(1);
        registry.on("/v2/app/manifests/silent", exchange -> await(release));
        registry.on("/v2/app/manifests/stuck", exchange -> {
            exchange.sendResponseHeaders(200, 100);
            exchange.getResponseBody().write(new byte[10]);
            exchange.getResponseBody().flush();
            await(release);
        });
        try (var client = new RegistryClient(settings(), Duration.ofMillis(300))) {
            for (String tag : List.of("silent", "stuck")) {
                var reference = (ImageReference.Registry) ImageReference.parse(named("app:" + tag));
                assertThatThrownBy(() -> client.manifest(reference, tag))
                        .isInstanceOf(RegistryUnavailableException.class)
                        .hasMessageContaining("nothing came");
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
            }
        } finally {
            release.countDown();
        }
    }

    @Test
    void aPullThatIsInterruptedEnds() throws Exception {
        var asked = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        registry.on("/v2/app/manifests/v1", exchange -> {
            asked.countDown();
            await(release);
        });
        var failure = new AtomicReference<Throwable>();
        var puller = new Thread(() -> {
            try {
                store.pull(named("app:v1"), PullListener.NONE);
            } catch (IOException e) {
                failure.set(e);
            }
        });
        puller.start();
        asked.await();
        puller.interrupt();
        Awaitility.await().until(() -> !puller.isAlive());
        release.countDown();

        assertThat(failure.get()).isInstanceOf(InterruptedIOException.class);
    }

    private static void await(CountDownLatch latch) throws InterruptedIOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new InterruptedIOException();
        }
    }

    private ImageSettings settings() {
        return ImageSettings.DEFAULT.toBuilder()
                .reserveBytes(0)
                .retryPause(Duration.ofMillis(1))
                .insecureRegistries(Set.of(registry.host()))
                .build();
    }

    private JobSpec.Image named(String name) {
        return TestImage.docker("docker://" + registry.host() + "/" + name);
    }

    private String layerPath() {
        return image.layerPaths().get(0);
    }
}
