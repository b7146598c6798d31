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
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands, on a played discovery and a played host. */
class ImageCommandsTest {

    private static final String APP = "docker://registry.test/team/app:v1";
    private static final String ID = "sha256:0123456789abcdef";

    @TempDir
    private Path data;

    private final StringWriter out = new StringWriter();
    private final List<String> failures = new ArrayList<>();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        DiscoverdFile.write(data, "http://" + address());
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private String address() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String asked = exchange.getRequestMethod() + " "
                    + exchange.getRequestURI().getPath().replaceFirst("/host/", "");
            int status = 200;
            String body = switch (asked) {
                case "GET /services/flynn-host/instances" ->
                    "[{\"id\":\"%s\",\"addr\":\"%s\",\"proto\":\"tcp\",\"meta\":{\"id\":\"host1\"}}]"
                            .formatted(Instance.of("tcp", address(), Map.of()).id(), address());
                case "GET images" ->
                    "[{\"id\":\"%s\",\"names\":[\"%s\"],\"size\":5242880,\"last_used\":\"%s\",\"jobs\":[\"host1-1\"]}]"
                            .formatted(ID, APP, Instant.now().minusSeconds(600));
                case "DELETE images/" + APP -> "{\"freed\":2048}";
                case "POST pull/images" ->
                    pull(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
                default -> {
                    status = 404;
                    yield "{\"code\":\"object_not_found\",\"message\":\"no such image\",\"retry\":false}";
                }
            };
            byte[] bytes = body.getBytes(UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private static String pull(String body) {
        return body.contains(APP) ? """
                data: {"repo":"%1$s","type":"layer","id":"sha256:1","status":"downloading","done":1048576,"total":4194304}

                data: {"repo":"%1$s","type":"layer","id":"sha256:1","status":"downloaded"}

                data: {"repo":"%1$s","type":"image","id":"%2$s","status":"downloaded"}

                """.formatted(APP, ID) : "event: error\ndata: it does not exist\n\n";
    }

    private int run(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(1, List.of("--data-dir", data.toString(), "--insecure-host-api"));
        return new CommandLine(new ImageCommand())
                .setOut(new PrintWriter(out))
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    failures.add(failure.getMessage());
                    return 1;
                })
                .execute(all.toArray(new String[0]));
    }

    @Test
    void listShowsWhatHostsHave() {
        assertThat(run("list")).isZero();
        assertThat(out.toString().lines())
                .containsExactly(
                        "HOST   ID                   SIZE    LAST USED       JOBS  NAME",
                        "host1  sha256:0123456789ab  5.0 MB  10 minutes ago  1     " + APP);
        out.getBuffer().setLength(0);
        assertThat(run("list", "--json")).isZero();
        assertThat(out.toString()).startsWith("[{\"id\":\"" + ID).contains("\"host\":\"host1\"");
    }

    @Test
    void pullTellsHowFarItIsAndFailsWithTheHostsReason() {
        assertThat(run("pull", APP)).isZero();
        assertThat(out.toString().lines())
                .containsExactly(
                        "host1 sha256:1 1.0 MB of 4.0 MB",
                        "host1 " + APP + " layer sha256:1 downloaded",
                        "host1 " + APP + " image " + ID + " downloaded");
        assertThat(run("pull", "docker://registry.test/none")).isEqualTo(1);
        assertThat(failures).containsExactly("host1: it does not exist");
    }

    @Test
    void removeTellsWhatWasFreedAndWhatNoHostHas() {
        assertThat(run("remove", APP)).isZero();
        assertThat(out.toString()).isEqualTo("host1 " + APP + " removed, 2 KB freed\n");
        assertThat(run("remove", "docker://registry.test/none")).isEqualTo(1);
        assertThat(failures).containsExactly("no host has an image docker://registry.test/none");
    }
}
