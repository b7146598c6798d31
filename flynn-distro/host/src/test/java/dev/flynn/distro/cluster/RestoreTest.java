package dev.flynn.distro.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.error.FlynnException;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RestoreTest {

    private static final String SYSTEM = "5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10";
    private static final String USER = "5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b11";
    private static final String RELEASE = "77e0b1f4-4a53-4a5e-8f8c-2b80a4cf0a6e";
    private static final String TIMES =
            "\"created_at\":\"2015-12-14T09:13:01Z\",\"updated_at\":\"2015-12-14T09:13:01Z\"";

    /** What a cluster had, by its keys; the left-out ones are about its hosts. */
    private static final Map<String, String> HAD = had();

    private static final List<String> LEFT_OUT = List.of(
            "hosts/old",
            "identity/ca",
            "jobs/old-1",
            "blobs/x",
            "discovery/services/x",
            "discovery-sweeper",
            "events/0000000000000000001",
            "deployments/running",
            "sinks/of-a-host",
            "bootstrap/restore");

    @TempDir
    Path directory;

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final ClusterState state = new ClusterState(store, new FlynnJson(), Clock.systemUTC());
    private final Discovery discovery = StoreDiscovery.builder(store).build();
    private final Map<String, String> blobs = new ConcurrentHashMap<>();
    private HttpServer blobstore;
    private Path archive;

    private static Map<String, String> had() {
        Map<String, String> had = new LinkedHashMap<>();
        had.put("apps/" + SYSTEM, app(SYSTEM, "controller", "{\"flynn-system-app\":\"true\"}"));
        had.put("apps/" + USER, app(USER, "shop", "{}"));
        had.put("app-names/shop", USER);
        had.put("formations/" + SYSTEM + "/" + RELEASE, "{\"web\":1}");
        had.put("formations/" + USER + "/" + RELEASE, "{\"web\":3}");
        had.put("bootstrap/domain", "flynn.test");
        had.put("access-keys/ci", "{\"name\":\"ci\"}");
        had.put("deployments/done", deployment("complete"));
        had.put("sinks/of-all", sink(false));
        had.put("audit/0000000000000000007", "{\"path\":\"/first\"}");
        had.put("audit/0000000000000000009", "{\"path\":\"/second\"}");
        return had;
    }

    private static String app(String id, String name, String meta) {
        return "{\"id\":\"%s\",\"name\":\"%s\",\"meta\":%s,\"strategy\":\"all-at-once\",\"deploy_timeout\":30,%s}"
                .formatted(id, name, meta, TIMES);
    }

    private static String deployment(String status) {
        return ("{\"id\":\"%s\",\"app\":\"%s\",\"new_release\":\"%s\",\"strategy\":\"all-at-once\",\"status\":\"%s\","
                        + "\"deploy_timeout\":30,\"created_at\":\"2015-12-14T09:13:01Z\"}")
                .formatted(RELEASE, USER, RELEASE, status);
    }

    private static String sink(boolean hostManaged) {
        return "{\"id\":\"1\",\"kind\":\"syslog\",\"host_managed\":%s,\"config\":{\"url\":\"syslog://x:1\"},%s}"
                .formatted(hostManaged, TIMES);
    }

    @BeforeEach
    void open() throws IOException {
        Map<String, String> entries = new LinkedHashMap<>(HAD);
        LEFT_OUT.forEach(key -> entries.put(key, "{}"));
        entries.put("deployments/running", deployment("running"));
        entries.put("sinks/of-a-host", sink(true));
        archive = write(
                "backup.tar",
                Map.of(
                        "store.json.gz",
                        dump(entries),
                        "blobs/repos/a.bundle",
                        "the history".getBytes(StandardCharsets.UTF_8)));
        blobstore = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        blobstore.createContext("/", exchange -> {
            String content = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            String call = exchange.getRequestMethod() + " " + exchange.getRequestURI();
            boolean fresh = blobs.putIfAbsent(call, content) == null;
            exchange.sendResponseHeaders(fresh ? 200 : 412, -1);
            exchange.close();
        });
        blobstore.start();
    }

    @AfterEach
    void close() {
        blobstore.stop(0);
        discovery.close();
        store.close();
    }

    private void startBlobstore() {
        discovery.createService("blobstore", LeaderType.OLDEST);
        discovery.register(
                "blobstore",
                Instance.of("http", "127.0.0.1:" + blobstore.getAddress().getPort(), Map.of()));
    }

    private static byte[] dump(Map<String, String> entries) throws IOException {
        var json = new FlynnJson();
        var bytes = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(bytes)) {
            for (Map.Entry<String, String> entry : entries.entrySet()) {
                out.write(json.writeBytes(Map.of("key", entry.getKey(), "value", entry.getValue())));
                out.write('\n');
            }
        }
        return bytes.toByteArray();
    }

    private Path write(String name, Map<String, byte[]> files) throws IOException {
        Path file = directory.resolve(name);
        try (var tar = new TarArchiveOutputStream(Files.newOutputStream(file))) {
            for (Map.Entry<String, byte[]> content : files.entrySet()) {
                var entry = new TarArchiveEntry("flynn-backup-1/" + content.getKey());
                entry.setSize(content.getValue().length);
                tar.putArchiveEntry(entry);
                tar.write(content.getValue());
                tar.closeArchiveEntry();
            }
        }
        return file;
    }

    private String value(String key) {
        return store.get(key).map(StoreEntry::value).orElse("");
    }

    @Test
    void aNewClusterGetsAllButWhatIsAboutTheOldHosts() {
        new Restore(state, archive).begin();

        HAD.forEach((key, value) -> {
            boolean comesLater = key.equals("formations/" + USER + "/" + RELEASE);
            if (!key.startsWith("audit/")) {
                assertThat(value(key)).as(key).isEqualTo(comesLater ? "" : value);
            }
        });
        assertThat(LEFT_OUT).filteredOn(key -> !value(key).isEmpty()).containsExactly("bootstrap/restore");
        assertThat(store.list("audit/").entries().stream().map(StoreEntry::value))
                .containsExactly("{\"path\":\"/first\"}", "{\"path\":\"/second\"}");
    }

    @Test
    void theAppsOfUsersStartWhenTheirSlugsAreThere() {
        var restore = new Restore(state, archive);
        restore.begin();
        assertThatThrownBy(() -> restore.finish(discovery, "key")).hasMessageContaining("bootstrap again to go on");
        assertThat(value("formations/" + USER + "/" + RELEASE)).isEmpty();

        startBlobstore();
        restore.finish(discovery, "key");

        assertThat(blobs).containsExactly(Map.entry("PUT /repos/a.bundle", "the history"));
        assertThat(value("formations/" + USER + "/" + RELEASE)).isEqualTo("{\"web\":3}");
    }

    @Test
    void repeatingItGoesOnAndThenChangesNothing() {
        startBlobstore();
        new Restore(state, archive).begin();
        new Restore(state, archive).begin();
        assertThat(store.list("audit/").entries()).hasSize(2);
        new Restore(state, archive).finish(discovery, "key");
        store.commit(Transaction.builder().put("app-names/shop", "renamed").build());

        new Restore(state, archive).begin();
        new Restore(state, archive).finish(discovery, "key");

        assertThat(value("app-names/shop")).isEqualTo("renamed");
    }

    @Test
    void aClusterWithAppsIsLeftAlone() {
        store.commit(Transaction.builder()
                .put("apps/" + USER, app(USER, "another", "{}"))
                .build());

        assertThatThrownBy(() -> new Restore(state, archive).begin())
                .isInstanceOf(FlynnException.class)
                .hasMessage("this cluster has apps; a backup is restored on a new cluster only");
        assertThat(value("bootstrap/domain")).isEmpty();
    }

    @Test
    void whatIsNoBackupLeavesNothing() throws IOException {
        Path none = Files.writeString(directory.resolve("none.tar"), "no archive ".repeat(200));
        Path database = write("old.tar", Map.of("postgres.sql.gz", new byte[3]));
        Path empty = write("empty.tar", Map.of("flynn.json", "{}".getBytes(StandardCharsets.UTF_8)));
        byte[] whole = Files.readAllBytes(archive);
        Path cut = Files.write(directory.resolve("cut.tar"), java.util.Arrays.copyOf(whole, 700));

        for (Path wrong : List.of(none, database, empty, cut)) {
            assertThatThrownBy(() -> new Restore(state, wrong).begin())
                    .hasMessageStartingWith(wrong + " cannot be restored: ");
        }
        assertThat(store.list("").entries()).extracting(StoreEntry::key).noneMatch(key -> key.startsWith("bootstrap/"));
    }
}
