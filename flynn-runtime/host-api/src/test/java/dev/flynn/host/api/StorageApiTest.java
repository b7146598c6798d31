package dev.flynn.host.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Host;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.VolumeBinding;
import dev.flynn.api.id.JobId;
import dev.flynn.disk.GarbagePolicy;
import dev.flynn.disk.HostDisk;
import dev.flynn.disk.LogShelf;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.VolumeRecord;
import dev.flynn.volumes.DirectoryVolumes;
import dev.flynn.volumes.Volumes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Volumes through the API, and from host to host. */
@Timeout(60)
class StorageApiTest {

    private static final String OTHER = "host2";

    @TempDir
    Path directory;

    private ApiHost host;
    private Volumes volumes;

    @BeforeEach
    void start() throws IOException {
        host = new ApiHost(directory.resolve(ApiHost.ID), builder -> {
            volumes = volumesOf(ApiHost.ID, builder);
            return builder.security(HostApiSecurity.open()).volumes(volumes);
        });
    }

    private Volumes volumesOf(String hostId, HostApi.Builder builder) {
        try {
            return new Volumes(hostId, builder.state(), new DirectoryVolumes(files(hostId)));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Path files(String hostId) {
        return directory.resolve(hostId + "-volumes");
    }

    @AfterEach
    void stop() {
        host.close();
    }

    @Test
    void aVolumeIsMadeToldAndDeleted() {
        HttpResponse<String> made = host.send("POST", "/storage/providers/default/volumes", "");
        assertThat(made.statusCode()).isEqualTo(200);
        JsonNode info = host.json.readTree(made.body());
        String id = info.path("id").asText();
        assertThat(UUID.fromString(id)).isNotNull();
        assertThat(info.path("type").asText()).isEqualTo("data");

        assertThat(host.get("/storage/volumes/" + id).body()).isEqualTo(made.body());
        assertThat(host.get("/storage/volumes").body()).isEqualTo("[" + made.body() + "]");

        assertThat(host.send("DELETE", "/storage/volumes/" + id, "").statusCode())
                .isEqualTo(200);
        assertThat(host.get("/storage/volumes").body()).isEqualTo("[]");
        HttpResponse<String> gone = host.get("/storage/volumes/" + id);
        assertThat(gone.statusCode()).isEqualTo(404);
        assertThat(gone.body()).contains("object_not_found", id);
    }

    @Test
    void aVolumeHasTheIdAndTheNotesThatItIsMadeWith() {
        String id = UUID.randomUUID().toString();
        String body = "{\"id\":\"%s\",\"meta\":{\"for\":\"backups\"}}".formatted(id);

        JsonNode info = host.json.readTree(
                host.send("POST", "/storage/providers/default/volumes", body).body());

        assertThat(info.path("id").asText()).isEqualTo(id);
        assertThat(info.path("meta").path("for").asText()).isEqualTo("backups");
        assertThat(host.send("POST", "/storage/providers/default/volumes", body).statusCode())
                .isEqualTo(409);
    }

    @Test
    void noOneMakesAnEmptyVolumeForTheJobsOfAnApp() {
        String body = "{\"meta\":{\"flynn-controller.app\":\"%s\"}}".formatted(host.app);

        assertThat(host.send("POST", "/storage/providers/default/volumes", body).statusCode())
                .isEqualTo(400);
    }

    @Test
    void thereIsOneProvider() {
        assertProvider("{\"kind\":\"\"}", 400, "kind");
        assertProvider("{\"kind\":\"zfs\"}", 400, "directory");
        assertProvider("{\"id\":\"default\",\"kind\":\"directory\"}", 409, "object_exists");
        assertThat(host.send("POST", "/storage/providers/p1/volumes", "").statusCode())
                .isEqualTo(404);
    }

    private void assertProvider(String body, int status, String told) {
        HttpResponse<String> answer = host.send("POST", "/storage/providers", body);
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(answer.body()).contains(told);
    }

    @Test
    void aVolumeIsNotDeletedBeforeItsSnapshots() throws IOException {
        VolumeRecord volume = volumes.create();

        JsonNode snapshot = host.json.readTree(host.send("PUT", "/storage/volumes/" + volume.id() + "/snapshot", "")
                .body());
        assertThat(snapshot.path("snapshot_of").asText()).isEqualTo(volume.id());

        HttpResponse<String> refused = host.send("DELETE", "/storage/volumes/" + volume.id(), "");
        assertThat(refused.statusCode()).isEqualTo(409);
        assertThat(refused.body()).contains(snapshot.path("id").asText());
    }

    @Test
    void aHostWithoutVolumesSaysSo() throws IOException {
        try (var bare = new ApiHost(directory.resolve("bare"))) {
            assertThat(bare.get("/storage/volumes").body()).isEqualTo("[]");
            assertThat(bare.send("POST", "/storage/providers/default/volumes", "")
                            .statusCode())
                    .isEqualTo(404);
            assertThat(bare.get("/storage/volumes/x").body()).contains("--backend");
        }
    }

    @Test
    void volumesOfAppsThatAreGoneAreCollectedWhenAsked() throws IOException {
        VolumeRecord own = volumes.create();
        JobSpec last = JobSpec.builder(JobId.random(ApiHost.ID), new JobSpec.Image("host", "host:shell"))
                .metadata(Map.of(JobSpec.META_APP, host.app.toString(), JobSpec.META_TYPE, "db"))
                .data(true)
                .build();
        volumes.claim(last);
        assertThat(host.send("POST", "/storage/gc", "").body()).isEqualTo("[]");
        volumes.release(last.id());

        assertThat(host.send("POST", "/storage/gc", "").body()).contains("-");
        assertThat(volumes.list()).containsExactly(own);
    }

    // ---- the disk

    @Test
    void theDiskIsToldOfAndCollected() throws IOException {
        String gone = UUID.randomUUID().toString();
        Path logs = Files.createDirectory(directory.resolve("logs"));
        Files.setLastModifiedTime(Files.writeString(logs.resolve(gone + ".log"), "line"), FileTime.from(Instant.EPOCH));
        try (var disk = HostDisk.builder(OTHER, directory, host.state, GarbagePolicy.withReserve(0))
                        .shelf(new LogShelf(logs, host.state))
                        .build();
                HostApi api = apiOf(OTHER, builder -> builder.disk(disk))) {
            var client = new HostClient(OTHER, address(api.address()), HostClientAccess.open(), host.json);

            assertThat(client.disk().toString())
                    .contains("\"host_id\":\"host2\"")
                    .contains("{\"what\":\"logs\",\"count\":1,\"bytes\":4,\"freeable_bytes\":4}")
                    .contains(gone);
            assertThat(client.collectGarbage().toString())
                    .isEqualTo(
                            "[{\"what\":\"logs\",\"id\":\"%s.log\",\"app\":\"%s\",\"bytes\":4}]".formatted(gone, gone));
            assertThat(logs).isEmptyDirectory();
        }
    }

    // ---- jobs

    @Test
    void aJobThatNamesAVolumeIsToldWithIt() throws IOException {
        VolumeRecord volume = volumes.create();
        String id = host.newId();

        host.put(id, host.shell("true", binding(volume.id(), "/shared")));

        assertThat(host.job(id).path("job").path("config").path("volumes").toString())
                .isEqualTo("[{\"target\":\"/shared\",\"volume\":\"%s\",\"writeable\":true}]".formatted(volume.id()));
        // processes have no volumes
        assertThat(host.awaitStatus(id, 4).path("error").asText()).contains("a volume");
    }

    @Test
    void whatAnotherJobHasIsRefusedAtOnce() throws IOException {
        VolumeRecord volume = volumes.create();
        JobId holder = JobId.random(ApiHost.ID);
        volumes.bind(holder, new VolumeBinding(volume.id(), "/shared", true));

        HttpResponse<String> refused =
                host.send("PUT", "/host/jobs/" + host.newId(), host.shell("true", binding(volume.id(), "/shared")));

        assertThat(refused.statusCode()).isEqualTo(409);
        assertThat(refused.body()).contains(holder.value());
    }

    @Test
    void aBindingThatMakesNoSenseIsRefused() {
        HttpResponse<String> relative =
                host.send("PUT", "/host/jobs/" + host.newId(), host.shell("true", binding("x", "shared")));
        assertThat(relative.statusCode()).isEqualTo(400);
        assertThat(relative.body()).contains("config.volumes.target");

        HttpResponse<String> deleted = host.send(
                "PUT",
                "/host/jobs/" + host.newId(),
                host.shell("true", ",\"volumes\":[{\"volume\":\"x\",\"target\":\"/x\",\"delete_on_stop\":true}]"));
        assertThat(deleted.statusCode()).isEqualTo(400);
        assertThat(deleted.body()).contains("delete_on_stop");
    }

    private static String binding(String volume, String target) {
        return ",\"volumes\":[{\"volume\":\"%s\",\"target\":\"%s\",\"writeable\":true}]".formatted(volume, target);
    }

    // ---- between hosts

    @Test
    void aSnapshotIsPulledFromAnotherHostAndTheVolumeIsForTheSameJobs() throws IOException {
        Volumes there = volumesOf(OTHER);
        try (HostApi api = apiOf(OTHER, there)) {
            register(OTHER, api.address());
            VolumeRecord source = there.create();
            byte[] content = new byte[3_000_001];
            new Random(1).nextBytes(content);
            Files.write(files(OTHER).resolve(source.id()).resolve("data"), content);
            VolumeRecord snapshot = there.snapshot(source.id());
            VolumeRecord target = volumes.create();
            Files.writeString(files(ApiHost.ID).resolve(target.id()).resolve("former"), "gone");

            HttpResponse<String> pulled = pull(target, snapshot.id());

            assertThat(pulled.statusCode()).as(pulled.body()).isEqualTo(200);
            JsonNode local = host.json.readTree(pulled.body());
            assertThat(local.path("snapshot_of").asText()).isEqualTo(target.id());
            for (String id : new String[] {target.id(), local.path("id").asText()}) {
                Path files = files(ApiHost.ID).resolve(id);
                assertThat(files.resolve("data")).hasBinaryContent(content);
                assertThat(files.resolve("former")).doesNotExist();
            }
        }
    }

    @Test
    void theClientOfAHostDoesTheSameAndKeepsNoSnapshot() throws IOException {
        Volumes there = volumesOf(OTHER);
        try (HostApi api = apiOf(OTHER, there)) {
            register(OTHER, api.address());
            var source = new HostClient(OTHER, address(api.address()), HostClientAccess.open(), host.json);
            var target = new HostClient(ApiHost.ID, "127.0.0.1:" + host.port(), HostClientAccess.open(), host.json);
            String from = source.createVolume("default", Map.of()).path("id").asText();
            Files.writeString(files(OTHER).resolve(from).resolve("row"), "1");
            String to = target.createVolume("default", Map.of()).path("id").asText();

            target.pullSnapshot(to, OTHER, source.snapshot(from).path("id").asText());

            assertThat(files(ApiHost.ID).resolve(to).resolve("row")).hasContent("1");
            assertThat(target.volumes(false)).hasSize(1);
            assertThat(target.volumes(true)).hasSize(3);
            target.abandonVolume(from);
            assertThatThrownBy(() -> source.volume(from)).isInstanceOf(FlynnException.class);
        }
    }

    @Test
    void onlySnapshotsAreSentAndInOneForm() throws IOException {
        VolumeRecord volume = volumes.create();
        String type = StorageEndpoints.mediaType("directory");

        assertThat(send(volume.id(), type).statusCode()).isEqualTo(400);
        String snapshot = volumes.snapshot(volume.id()).id();
        assertThat(send(snapshot, "application/json").body()).contains(type);
        assertThat(send(UUID.randomUUID().toString(), type).statusCode()).isEqualTo(404);
        assertThat(send(snapshot, type).statusCode()).isEqualTo(200);
    }

    private HttpResponse<String> send(String id, String accept) {
        return host.send("GET", "/storage/volumes/" + id + "/send", "[]", "Accept", accept);
    }

    @Test
    void whatDoesNotComeWholeOrAsItWasChangesNothing() throws IOException {
        VolumeRecord snapshot = new VolumeRecord(
                UUID.randomUUID().toString(),
                OTHER,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of("origin"),
                Map.of(),
                host.state.clock().instant(),
                host.state.clock().instant());
        Transaction.Builder transaction = Transaction.builder();
        host.state.volumes().create(transaction, snapshot.recordId(), snapshot);
        host.state.commit(transaction);
        VolumeRecord target = volumes.create();
        Path kept = files(ApiHost.ID).resolve(target.id()).resolve("row");
        Files.writeString(kept, "mine");
        byte[] tar = tarOf(volumes, target);

        assertNotPulled(target, snapshot, exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(tar); // an end without a digest
            exchange.close();
        });
        assertNotPulled(target, snapshot, exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(tar, 0, tar.length / 3);
            exchange.getResponseBody().flush();
            throw new IOException("the host dies"); // the server closes the connection
        });
        assertNotPulled(target, snapshot, exchange -> exchange.sendResponseHeaders(500, -1));

        assertThat(kept).hasContent("mine");
        assertThat(volumes.strays()).isEmpty();
    }

    private static byte[] tarOf(Volumes volumes, VolumeRecord volume) throws IOException {
        var tar = new ByteArrayOutputStream();
        VolumeRecord snapshot = volumes.snapshot(volume.id());
        volumes.send(snapshot.id(), tar);
        volumes.delete(snapshot.id());
        return tar.toByteArray();
    }

    private interface Played {
        void answer(HttpExchange exchange) throws IOException;
    }

    private void assertNotPulled(VolumeRecord target, VolumeRecord snapshot, Played sender) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", sender::answer);
        server.start();
        try {
            register(OTHER, server.getAddress());
            HttpResponse<String> answer = pull(target, snapshot.id());
            assertThat(answer.statusCode()).as(answer.body()).isGreaterThanOrEqualTo(500);
        } finally {
            server.stop(0);
        }
    }

    private HttpResponse<String> pull(VolumeRecord target, String snapshot) {
        return host.send(
                "POST",
                "/storage/volumes/" + target.id() + "/pull_snapshot",
                "{\"host_id\":\"%s\",\"snapshot_id\":\"%s\"}".formatted(OTHER, snapshot));
    }

    private Volumes volumesOf(String hostId) throws IOException {
        return new Volumes(hostId, host.state, new DirectoryVolumes(files(hostId)));
    }

    private HostApi apiOf(String hostId, Volumes of) {
        return apiOf(hostId, builder -> builder.volumes(of));
    }

    private HostApi apiOf(String hostId, UnaryOperator<HostApi.Builder> options) {
        var facts = new HostFacts(hostId, "127.0.0.1:1113", "dev", Optional.empty(), Optional.empty(), List.of());
        return options.apply(HostApi.builder(facts, host.state, host.agent.connect(ApiHost.ID), host.logs)
                        .security(HostApiSecurity.open())
                        .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)))
                .start();
    }

    private void register(String hostId, InetSocketAddress address) {
        var record = new Host(hostId, "http://" + address(address), Map.of());
        if (host.state.hosts().find(hostId).isPresent()) {
            host.state.hosts().update(hostId, before -> record);
        } else {
            Transaction.Builder transaction = Transaction.builder();
            host.state.hosts().create(transaction, hostId, record);
            host.state.commit(transaction);
        }
    }

    private static String address(InetSocketAddress address) {
        return "127.0.0.1:" + address.getPort();
    }
}
