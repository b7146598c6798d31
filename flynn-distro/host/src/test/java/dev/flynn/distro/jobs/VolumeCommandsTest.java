package dev.flynn.distro.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.discovery.Instance;
import dev.flynn.distro.cluster.DiscoverdFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands about volumes and disks, on a played discovery and two played hosts that are one server. */
class VolumeCommandsTest {

    private static final String DATA = "6e2f0d1c-7a43-4b55-9d0e-0f1a2b3c4d5e";
    private static final String AWAY = "00000000-7a43-4b55-9d0e-0f1a2b3c4d5e";
    private static final String MADE = "11111111-7a43-4b55-9d0e-0f1a2b3c4d5e";
    private static final String SNAPSHOT = "22222222-7a43-4b55-9d0e-0f1a2b3c4d5e";

    @TempDir
    Path data;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final List<String> failures = new ArrayList<>();
    private final List<String> heard = new ArrayList<>();
    private final Map<String, String> answers = new HashMap<>();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        String address = "127.0.0.1:" + server.getAddress().getPort();
        DiscoverdFile.write(data, "http://" + address);
        answers.put("GET /services/flynn-host/instances", "[%s,%s]".formatted(host("host1"), host("host2")));
        answers.put(
                "GET /storage/volumes?cluster=true",
                "[%s,%s]".formatted(volume(DATA, "host1", ",\"job_id\":\"host1-0f\""), volume(AWAY, "host9", "")));
    }

    private String host(String id) {
        String address = "127.0.0.1:" + server.getAddress().getPort();
        return "{\"id\":\"%s\",\"addr\":\"%s\",\"proto\":\"tcp\",\"meta\":{\"id\":\"%s\"}}"
                .formatted(Instance.of("tcp", address, Map.of()).id(), address, id);
    }

    private static String volume(String id, String host, String more) {
        return "{\"id\":\"%s\",\"type\":\"data\",\"meta\":{\"flynn-controller.type\":\"db\"},\"created_at\":\"%s\",\"host_id\":\"%s\"%s}"
                .formatted(id, Instant.now().minusSeconds(7200), host, more);
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
            String sent = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
            if (!request.startsWith("GET")) {
                heard.add(sent.isEmpty() ? request : request + " " + sent);
            }
            boolean known = answers.containsKey(request);
            byte[] body = answers.getOrDefault(
                            request, "{\"code\":\"conflict\",\"message\":\"it is in use\",\"retry\":false}")
                    .getBytes(UTF_8);
            exchange.sendResponseHeaders(known ? 200 : 409, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private int run(JobCommand command, String... args) {
        List<String> all = new ArrayList<>(List.of("--data-dir", data.toString(), "--insecure-host-api"));
        all.addAll(List.of(args));
        return new CommandLine(command)
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    failures.add(failure.getMessage());
                    return 1;
                })
                .execute(all.toArray(new String[0]));
    }

    @Test
    void theListHasThoseOfAllHosts() {
        assertThat(run(new VolumeListCommand())).isZero();

        assertThat(out.toString().lines())
                .containsExactly(
                        "ID                                    TYPE  HOST   CREATED      META",
                        DATA + "  data  host1  2 hours ago  flynn-controller.type=db job=host1-0f",
                        AWAY + "  data  host9  2 hours ago  flynn-controller.type=db");
    }

    @Test
    void theListOfOneHostAsJson() {
        assertThat(run(new VolumeListCommand(), "--host", "host9", "--json")).isZero();

        assertThat(out.toString()).startsWith("[{\"id\":\"" + AWAY).doesNotContain(DATA);
    }

    @Test
    void createSaysWhatItMade() {
        answers.put("POST /storage/providers/default/volumes", volume(MADE, "host2", ""));

        assertThat(run(new VolumeCreateCommand(), "--meta", "for=backups", "host2"))
                .isZero();

        assertThat(out).hasToString("created volume " + MADE + " on host2\n");
        assertThat(heard).containsExactly("POST /storage/providers/default/volumes {\"meta\":{\"for\":\"backups\"}}");
    }

    @Test
    void deleteGoesOnAfterAFailureAndFailsInTheEnd() {
        answers.put("DELETE /storage/volumes/" + DATA, "");

        assertThat(run(new VolumeDeleteCommand(), AWAY, "unknown", DATA)).isEqualTo(1);

        assertThat(out).hasToString(DATA + " deleted\n");
        assertThat(failures).singleElement().asString().contains("host9", "--abandon", "no such volume: unknown");
    }

    @Test
    void aVolumeOfAHostThatDoesNotComeBackIsGivenUp() {
        answers.put("DELETE /storage/volumes/" + AWAY + "?abandon=true", "");

        assertThat(run(new VolumeDeleteCommand(), "--abandon", AWAY)).isZero();

        assertThat(out).hasToString(AWAY + " deleted\n");
    }

    @Test
    void gcAsksEveryHost() {
        answers.put("POST /storage/gc", "[\"" + MADE + "\"]");

        assertThat(run(new VolumeGcCommand())).isZero();

        assertThat(heard).hasSize(2);
        assertThat(out.toString().lines()).containsOnly(MADE + " deleted");
    }

    @Test
    void snapshotSaysWhatItMade() {
        answers.put("PUT /storage/volumes/" + DATA + "/snapshot", volume(SNAPSHOT, "host1", ""));

        assertThat(run(new VolumeSnapshotCommand(), DATA)).isZero();

        assertThat(out).hasToString("created snapshot %s of %s on host1\n".formatted(SNAPSHOT, DATA));
    }

    @Test
    void sendCopiesASnapshotAndLeavesNoneBehind() {
        answers.put("PUT /storage/volumes/" + DATA + "/snapshot", volume(SNAPSHOT, "host1", ""));
        answers.put("POST /storage/providers/default/volumes", volume(MADE, "host2", ""));
        answers.put("POST /storage/volumes/" + MADE + "/pull_snapshot", volume(MADE, "host2", ""));
        answers.put("DELETE /storage/volumes/" + SNAPSHOT, "");

        assertThat(run(new VolumeSendCommand(), DATA, "host2")).isZero();

        assertThat(out).hasToString("sent volume %s to host2 as %s\n".formatted(DATA, MADE));
        assertThat(err.toString()).contains("host1-0f");
        assertThat(heard)
                .hasSize(4)
                .anySatisfy(request -> assertThat(request).contains("\"host_id\":\"host1\"", SNAPSHOT));
    }

    @Test
    void aSendThatFailsLeavesNothingBehind() {
        answers.put("PUT /storage/volumes/" + DATA + "/snapshot", volume(SNAPSHOT, "host1", ""));
        answers.put("POST /storage/providers/default/volumes", volume(MADE, "host2", ""));
        answers.put("DELETE /storage/volumes/" + SNAPSHOT, "");
        answers.put("DELETE /storage/volumes/" + MADE, "");

        assertThat(run(new VolumeSendCommand(), DATA, "host2")).isEqualTo(1);

        assertThat(failures).containsExactly("it is in use");
        assertThat(heard).contains("DELETE /storage/volumes/" + SNAPSHOT, "DELETE /storage/volumes/" + MADE);
    }

    @Test
    void diskTellsWhoUsesIt() {
        answers.put("GET /host/disk", """
                {"host_id":"host1","total_bytes":107374182400,"usable_bytes":1073741824,"reserve_bytes":536870912,
                 "refusing":"","uses":[{"what":"volumes","count":2,"bytes":2097152,"freeable_bytes":1024},
                   {"what":"store","count":0,"bytes":4096,"freeable_bytes":0}],
                 "apps":[{"app":"5c0f","name":"shop","bytes":{"logs":1024,"volumes":1048576},"total_bytes":1049600},
                   {"app":"77aa","name":"","bytes":{"logs":1},"total_bytes":1}],
                 "strays":["left-over"]}""");
        answers.put("POST /host/disk/gc", "[{\"what\":\"logs\",\"id\":\"old.log\",\"bytes\":7}]");

        assertThat(run(new DiskCommand(), "--host", "host1", "--gc")).isZero();

        assertThat(out.toString().lines())
                .containsExactly(
                        "host1: 1.0 GB of 100.0 GB free, 512.0 MB reserved for the platform",
                        "logs old.log deleted",
                        "WHAT     COUNT  SIZE    CAN GO",
                        "volumes  2      2.0 MB  1 KB",
                        "store           4 KB    0 KB",
                        "APP          SIZE    OF THAT",
                        "shop         1.0 MB  logs 1 KB, volumes 1.0 MB",
                        "77aa (gone)  1 KB    logs 1 KB",
                        "volumes/left-over in the data directory is of no volume that the cluster knows");
    }
}
