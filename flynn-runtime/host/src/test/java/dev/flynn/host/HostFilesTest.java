package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.VolumeBinding;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Release;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.disk.Item;
import dev.flynn.disk.Item.Worth;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import dev.flynn.volumes.DirectoryVolumes;
import dev.flynn.volumes.Volumes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HostFilesTest {

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final Discovery discovery = StoreDiscovery.builder(store).build();
    private final AtomicInteger requests = new AtomicInteger();

    @TempDir
    Path directory;

    private HttpServer blobs;
    private SlugCache slugs;
    private HostFiles files;

    @BeforeEach
    void open() throws IOException {
        byte[] slug = slug();
        blobs = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        blobs.createContext("/", exchange -> {
            requests.incrementAndGet();
            boolean known = exchange.getRequestURI().getPath().startsWith("/slug");
            exchange.sendResponseHeaders(known ? 200 : 404, known ? slug.length : -1);
            if (known) {
                exchange.getResponseBody().write(slug);
            }
            exchange.close();
        });
        blobs.start();
        slugs = new SlugCache(
                directory.resolve("slugs"), discovery, () -> "secret", Long.MAX_VALUE, Duration.ofSeconds(20));
        files = new HostFiles(directory.resolve("files"), slugs, volumes(), 1);
    }

    @AfterEach
    void close() {
        blobs.stop(0);
        discovery.close();
        store.close();
    }

    @Test
    void manyJobsOfOneSlugShareItsFiles() {
        List<JobSpec> jobs = IntStream.range(0, 8).mapToObj(i -> job("/slug1")).toList();

        List<CompletableFuture<List<Mount>>> opened = jobs.stream()
                .map(job -> CompletableFuture.supplyAsync(() -> mounts(job)))
                .toList();

        assertThat(opened.stream().map(CompletableFuture::join).distinct())
                .singleElement()
                .satisfies(mounts -> {
                    assertThat(mounts).singleElement().satisfies(mount -> {
                        assertThat(mount.destination()).isEqualTo("/app");
                        assertThat(mount.access()).isEqualTo(Mount.Access.PRIVATE_COPY);
                        assertThat(Path.of(mount.source(), "bin/run"))
                                .hasContent("run")
                                .isExecutable();
                    });
                });
        assertThat(requests).hasValue(1);
    }

    @Test
    void aJobWithoutSlugHasAnEmptyDirectory() {
        Mount app = mounts(job("")).get(0);

        assertThat(app.destination()).isEqualTo("/app");
        assertThat(Path.of(app.source())).isEmptyDirectory();
    }

    @Test
    void anImageOfItsOwnGetsNothing() {
        JobSpec docker = job("/slug1").toBuilder()
                .image(new JobSpec.Image("docker", "docker://registry/app"))
                .build();

        assertThat(mounts(docker)).isEmpty();
    }

    @Test
    void whatAJobHasIsKeptAndOfTheRestTheNewest() throws IOException {
        JobSpec held = job("/slug-held");
        Path heldFiles = source(held);
        JobSpec first = job("/slug-first");
        Path firstFiles = source(first);
        JobSpec second = job("/slug-second");
        Path secondFiles = source(second);
        Files.setLastModifiedTime(firstFiles, java.nio.file.attribute.FileTime.fromMillis(1000));

        files.close(first.id());
        files.close(second.id());

        assertThat(heldFiles).isDirectory();
        assertThat(firstFiles).doesNotExist();
        assertThat(secondFiles).isDirectory();
    }

    @Test
    void whatAJobHasOutlivesTheAgent() throws IOException {
        JobSpec survivor = job("/slug-a");
        Path survivors = source(survivor);
        JobSpec dead = job("/slug-b");
        Path deads = source(dead);
        files.close(dead.id());
        JobSpec deadUnseen = job("/slug-c");
        Path unseens = source(deadUnseen);
        Files.setLastModifiedTime(deads, java.nio.file.attribute.FileTime.fromMillis(1000));

        files = new HostFiles(directory.resolve("files"), slugs, volumes(), 1);
        files.retain(List.of(survivor.id()));

        assertThat(survivors).isDirectory();
        assertThat(unseens).isDirectory();
        assertThat(deads).doesNotExist();
    }

    @Test
    void aSlugThatIsNotThereFailsTheJobAndLeavesNothing() throws IOException {
        assertThatThrownBy(() -> files.open(job("/gone")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("404");

        try (var layers = Files.list(directory.resolve("files/layers"))) {
            assertThat(layers).isEmpty();
        }
    }

    @Test
    void aJobWithDataHasAVolumeThatItsSuccessorGets() throws IOException {
        JobSpec first = job("").toBuilder().data(true).build();
        Mount data = mounts(first).get(1);
        Files.writeString(Path.of(data.source(), "row"), "1");
        files.close(first.id());

        Mount next = mounts(job("").toBuilder().data(true).build()).get(1);

        assertThat(data.destination()).isEqualTo("/data");
        assertThat(data.access()).isEqualTo(Mount.Access.READ_WRITE);
        assertThat(next).isEqualTo(data);
    }

    @Test
    void aJobHasTheVolumesThatItNames() throws IOException {
        String volume = volumes().create().id();
        JobSpec named = job("").toBuilder()
                .volumes(List.of(new VolumeBinding(volume, "/shared", false)))
                .build();

        Mount shared = mounts(named).get(1);

        assertThat(shared.destination()).isEqualTo("/shared");
        assertThat(shared.access()).isEqualTo(Mount.Access.READ_ONLY);
        assertThat(shared.source()).endsWith(volume);
        assertThat(volumes().get(volume).holder()).contains(named.id());
        files.close(named.id());
        assertThat(volumes().get(volume).holder()).isEmpty();
    }

    @Test
    void slugsAreToldAndThoseThatNoJobHasAreDeleted() throws IOException {
        JobSpec held = job("/slug-held");
        Path heldFiles = source(held);
        var shelf = new SlugShelf(files, slugs, state());

        List<Item> items = shelf.items();
        assertThat(items).extracting(Item::worth).containsExactlyInAnyOrder(Worth.IN_USE, Worth.CACHE);
        assertThat(items).allSatisfy(item -> assertThat(item.bytes()).isPositive());
        for (Item item : items) {
            assertThat(shelf.delete(item)).isEqualTo(item.worth() == Worth.CACHE);
        }
        assertThat(heldFiles).isDirectory();
        assertThat(slugs.packed()).isEmpty();

        files.close(held.id());
        assertThat(shelf.items()).extracting(Item::worth).containsExactly(Worth.CACHE);
        assertThat(shelf.delete(shelf.items().get(0))).isTrue();
        assertThat(heldFiles).doesNotExist();
    }

    @Test
    void aSlugIsOfTheAppWhoseReleaseNamesIt() throws IOException {
        JobSpec job = job("/slug-a");
        source(job);
        AppId app = AppId.random();
        var release = new Release(
                ReleaseId.random(), Optional.of(app), List.of(), job.env(), Map.of(), Map.of(), Instant.EPOCH);
        Transaction.Builder transaction = Transaction.builder();
        state().releases().create(transaction, release.id().toString(), release);
        state().commit(transaction);

        assertThat(new SlugShelf(files, slugs, state()).items())
                .hasSize(2)
                .allSatisfy(item -> assertThat(item.app()).contains(app));
    }

    private ClusterState state() {
        return new ClusterState(store, new FlynnJson(), Clock.systemUTC());
    }

    private Volumes volumes() throws IOException {
        var state = state();
        return new Volumes("host", state, new DirectoryVolumes(directory.resolve("volumes")));
    }

    private Path source(JobSpec job) {
        return Path.of(mounts(job).get(0).source());
    }

    private List<Mount> mounts(JobSpec job) {
        try {
            return files.open(job);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private JobSpec job(String path) {
        String url =
                path.isEmpty() ? "" : "http://127.0.0.1:" + blobs.getAddress().getPort() + path;
        return JobSpec.builder(JobId.random("host"), new JobSpec.Image("host", "host:slugrunner"))
                .env(Map.of(SlugCache.SLUG_URL, url))
                .build();
    }

    private static byte[] slug() throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var tar = new TarArchiveOutputStream(new GzipCompressorOutputStream(bytes))) {
            var entry = new TarArchiveEntry("./bin/run");
            entry.setMode(0100755);
            entry.setSize(3);
            tar.putArchiveEntry(entry);
            tar.write("run".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            tar.closeArchiveEntry();
        }
        return bytes.toByteArray();
    }
}
