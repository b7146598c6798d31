package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.store.MemoryClusterStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.compressors.gzip.GzipCompressorOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class SlugCacheTest {

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final Discovery discovery = StoreDiscovery.builder(store).build();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private byte[] slug = new byte[0];

    @TempDir
    Path directory;

    private HttpServer blobstore;
    private SlugCache slugs;

    @BeforeEach
    void start() throws IOException {
        blobstore = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        blobstore.createContext("/", exchange -> {
            requests.add(exchange.getRequestHeaders().getFirst("Authorization"));
            boolean known = exchange.getRequestURI().getPath().startsWith("/slug");
            exchange.sendResponseHeaders(known ? 200 : 404, known ? slug.length : -1);
            if (known) {
                exchange.getResponseBody().write(slug);
            }
            exchange.close();
        });
        blobstore.start();
        discovery.createService("blobstore", LeaderType.OLDEST);
        slugs = new SlugCache(
                directory.resolve("slugs"), discovery, () -> "secret", Long.MAX_VALUE, Duration.ofSeconds(20));
    }

    @AfterEach
    void stop() {
        blobstore.stop(0);
        discovery.close();
        store.close();
    }

    @Test
    void aSlugIsFetchedOnceWithTheKeyHoweverManyJobsNeedIt() throws IOException {
        slug = tar(file("./server.js", "listen", 0100755), file("./lib/a.js", "a", 0100644));
        registerBlobstore();

        IntStream.range(0, 5)
                .mapToObj(i -> CompletableFuture.runAsync(() -> prepare("/slug.tgz", target("app" + i))))
                .toList()
                .forEach(CompletableFuture::join);

        assertThat(requests).containsExactly("Basic OnNlY3JldA==");
        for (int i = 0; i < 5; i++) {
            assertThat(target("app" + i).resolve("server.js"))
                    .hasContent("listen")
                    .isExecutable();
            assertThat(target("app" + i).resolve("lib/a.js")).hasContent("a");
            assertThat(Files.isExecutable(target("app" + i).resolve("lib/a.js")))
                    .isFalse();
        }
    }

    @Test
    void whileTheBlobstoreIsNotThereItIsWaitedFor() throws Exception {
        slug = tar(file("a", "a", 0100644));
        var waiting = CompletableFuture.runAsync(() -> prepare("/slug.tgz", target("app")));
        assertThat(waiting).isNotDone();

        registerBlobstore();

        waiting.join();
        assertThat(target("app").resolve("a")).hasContent("a");
    }

    @Test
    void aBlobstoreThatStaysAwayIsNamed() {
        var impatient = new SlugCache(directory.resolve("slugs"), discovery, () -> "", 1, Duration.ZERO);

        assertThatThrownBy(() -> unpack(impatient, "/slug.tgz", target("app")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("blobstore has no instance");
    }

    @Test
    void nobodyButTheBlobstoreIsToldTheKey() throws IOException {
        slug = tar(file("a", "a", 0100644));
        discovery.createService("somebodys-app", LeaderType.OLDEST);
        register("somebodys-app");

        slugs.open("http://somebodys-app.discoverd/slug.tgz").close();
        slugs.open("http://127.0.0.1:%d/slug.tgz"
                        .formatted(blobstore.getAddress().getPort()))
                .close();

        assertThat(requests).hasSize(2).containsOnlyNulls();
    }

    @ParameterizedTest
    @ValueSource(strings = {"file:///etc/passwd", "jar:http://a/b!/c", "slug.tgz", "http://a b/"})
    void whatIsNoUrlOfASlugIsRefused(String url) {
        assertThatThrownBy(() -> slugs.open(url))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(url);
    }

    @Test
    void aSlugThatIsNotThereFailsAtOnce() {
        registerBlobstore();

        assertThatThrownBy(() -> unpack(slugs, "/missing.tgz", target("app")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("404");
        assertThat(requests).hasSize(1);
    }

    @Test
    void oldSlugsGoWhenTheyAreTooMany() throws IOException {
        slug = tar(file("a", "a", 0100644));
        registerBlobstore();
        var small = new SlugCache(directory.resolve("slugs"), discovery, () -> "", 2L * slug.length, Duration.ZERO);

        for (int i = 0; i < 5; i++) {
            unpack(small, "/slug" + i + ".tgz", target("app" + i));
        }

        try (var kept = Files.list(directory.resolve("slugs"))) {
            assertThat(kept).hasSize(2);
        }
    }

    @Test
    void anEntryOutsideOfTheSlugIsRefused() {
        for (String name : List.of("../escaped", "/etc/escaped", "a/../../escaped")) {
            assertRefused(tar(file(name, "x", 0100644)));
        }
        assertThat(directory.resolve("escaped")).doesNotExist();
    }

    @Test
    void aLinkThatLeadsOutsideIsNotFollowed() throws IOException {
        Path outside = Files.createDirectory(directory.resolve("outside"));

        assertRefused(tar(link("door", outside.toString()), file("door/file", "x", 0100644)));
        assertRefused(tar(link("door", outside.toString()), file("door/deeper/file", "x", 0100644)));
        assertRefused(tar(link("door", outside.toString()), hardLink("copy", "door/../../outside")));

        assertThat(outside).isEmptyDirectory();
    }

    @Test
    void aFileReplacesALinkInsteadOfWritingThroughIt() throws IOException {
        Path outside = Files.writeString(directory.resolve("outside"), "mine");

        SlugCache.unpack(
                new ByteArrayInputStream(tar(link("a", outside.toString()), file("a", "theirs", 0100644))),
                target("app"));

        assertThat(outside).hasContent("mine");
        assertThat(target("app").resolve("a")).hasContent("theirs");
    }

    @Test
    void linksWithinASlugAreKept() throws IOException {
        SlugCache.unpack(
                new ByteArrayInputStream(
                        tar(file("bin/real", "run", 0100755), link("bin/alias", "real"), hardLink("same", "bin/real"))),
                target("app"));

        assertThat(target("app").resolve("bin/alias")).isSymbolicLink().hasContent("run");
        assertThat(target("app").resolve("same")).hasContent("run");
    }

    @Test
    void noSetUserIdComesOutOfASlug() throws IOException {
        SlugCache.unpack(new ByteArrayInputStream(tar(file("su", "x", 0104755))), target("app"));

        assertThat((int) Files.getAttribute(target("app").resolve("su"), "unix:mode") & 07000)
                .isZero();
    }

    private void assertRefused(byte[] packed) {
        assertThatThrownBy(() -> SlugCache.unpack(
                        new ByteArrayInputStream(packed),
                        Files.createTempDirectory(Files.createDirectories(directory.resolve("targets")), "app")))
                .isInstanceOf(IOException.class);
    }

    private void registerBlobstore() {
        register("blobstore");
    }

    private void register(String service) {
        var unused = discovery.register(
                service,
                Instance.of("http", "127.0.0.1:" + blobstore.getAddress().getPort(), Map.of()));
    }

    private void prepare(String path, Path target) {
        try {
            unpack(slugs, path, target);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path target(String name) {
        try {
            return Files.createDirectories(directory.resolve("targets").resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void unpack(SlugCache cache, String path, Path target) throws IOException {
        try (InputStream packed = cache.open("http://blobstore.discoverd" + path)) {
            SlugCache.unpack(packed, target);
        }
    }

    private record Entry(String name, byte type, String linkTo, String content, int mode) {}

    private static Entry file(String name, String content, int mode) {
        return new Entry(name, TarConstants.LF_NORMAL, "", content, mode);
    }

    private static Entry link(String name, String linkTo) {
        return new Entry(name, TarConstants.LF_SYMLINK, linkTo, "", 0120777);
    }

    private static Entry hardLink(String name, String linkTo) {
        return new Entry(name, TarConstants.LF_LINK, linkTo, "", 0100644);
    }

    private static byte[] tar(Entry... entries) {
        var bytes = new ByteArrayOutputStream();
        try (var tar = new TarArchiveOutputStream(new GzipCompressorOutputStream(bytes))) {
            for (Entry entry : entries) {
                var header = new TarArchiveEntry(entry.name(), entry.type(), true);
                byte[] content = entry.content().getBytes(StandardCharsets.UTF_8);
                header.setMode(entry.mode());
                header.setLinkName(entry.linkTo());
                header.setSize(content.length);
                tar.putArchiveEntry(header);
                tar.write(content);
                tar.closeArchiveEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
