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
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands, on a played discovery and a played host. */
class JobCommandsTest {

    private static final String WEB = "host1-6e2f0d1c-7a43-4b55-9d0e-0f1a2b3c4d5e";
    private static final String OLD = "host1-00000000-7a43-4b55-9d0e-0f1a2b3c4d5e";
    private static final String NEW = "host1-11111111-7a43-4b55-9d0e-0f1a2b3c4d5e";

    @TempDir
    Path data;

    private final StringWriter out = new StringWriter();
    private final List<String> failures = new ArrayList<>();
    private final List<String> heard = new ArrayList<>();
    private final Map<String, String> jobs = new ConcurrentHashMap<>();
    private HttpServer server;
    private String instances = "";

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        String address = "127.0.0.1:" + server.getAddress().getPort();
        DiscoverdFile.write(data, "http://" + address);
        instances = "[{\"id\":\"%s\",\"addr\":\"%s\",\"proto\":\"tcp\",\"meta\":{\"id\":\"host1\"}}]"
                .formatted(Instance.of("tcp", address, Map.of()).id(), address);
        jobs.put(WEB, """
                {"job":{"id":"%s","artifact":{"url":"host:slugrunner","type":"host"},
                  "metadata":{"flynn-controller.app":"5c0f","flynn-controller.app_name":"example","flynn-controller.type":"web"},
                  "config":{"entry_point":["/bin/sh","-c"],"cmd":["start","web"],"env":{"PORT":"8080","KEY":"secret"}}},
                 "host_id":"host1","internal_ip":"100.100.7.2","status":1,"created_at":"%s",
                 "started_at":"%s","ended_at":"0001-01-01T00:00:00Z"}""".formatted(
                        WEB, Instant.now().minusSeconds(80), Instant.now().minusSeconds(70)));
        jobs.put(OLD, """
                {"job":{"id":"%s","artifact":{},"config":{}},"host_id":"host1","status":3,"exit_status":7,
                 "created_at":"2015-12-14T10:11:10Z","started_at":"2015-12-14T10:11:12.123456789Z",
                 "ended_at":"2015-12-14T10:11:13Z"}""".formatted(OLD));
        jobs.put(NEW, """
                {"job":{"id":"%s","artifact":{},"config":{}},"host_id":"host1",
                 "created_at":"%s","started_at":"0001-01-01T00:00:00Z","ended_at":"0001-01-01T00:00:00Z"}""".formatted(NEW, Instant.now()));
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            String method = exchange.getRequestMethod();
            String id = path.replaceFirst("/host/jobs/?", "").replaceFirst("/.*", "");
            int status = 200;
            String body = "";
            if (path.equals("/services/flynn-host/instances")) {
                body = instances;
            } else if (path.equals("/host/jobs")) {
                body = "{"
                        + String.join(
                                ",",
                                jobs.entrySet().stream()
                                        .map(job -> "\"" + job.getKey() + "\":" + job.getValue())
                                        .toList())
                        + "}";
            } else if (method.equals("GET") && jobs.containsKey(id)) {
                body = jobs.get(id);
            } else if (method.equals("GET")) {
                status = 404;
                body = "{\"code\":\"object_not_found\",\"message\":\"host: unknown job\",\"retry\":false}";
            } else if (jobs.containsKey(id)) {
                heard.add(method + " " + path);
            } else {
                status = 500;
                body = "{\"code\":\"unknown_error\",\"message\":\"Something went wrong\",\"retry\":false}";
            }
            byte[] bytes = body.getBytes(UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private int run(JobCommand command, String... args) {
        List<String> all = new ArrayList<>(List.of("--data-dir", data.toString(), "--insecure-host-api"));
        all.addAll(List.of(args));
        return new CommandLine(command)
                .setOut(new PrintWriter(out))
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    failures.add(failure.getMessage());
                    return 1;
                })
                .setParameterExceptionHandler((failure, given) -> {
                    failures.add(failure.getMessage());
                    return 1;
                })
                .execute(all.toArray(new String[0]));
    }

    @Test
    void psListsWhatRunsNewestFirst() {
        assertThat(run(new PsCommand())).isZero();
        assertThat(out.toString().lines())
                .containsExactly(
                        "ID                                          STATE     STARTED             CONTROLLER APP  CONTROLLER TYPE",
                        NEW + "  starting                                      ",
                        WEB + "  running   About a minute ago  example         web");
    }

    @Test
    void psWithAllListsWhatIsOverToo() {
        assertThat(run(new PsCommand(), "-a", "-q")).isZero();
        assertThat(out.toString().lines()).containsExactly(NEW, WEB, OLD);
    }

    @Test
    void surprise52AFormatWorksWithQuietOnly() {
        String format =
                "{{.Job.ID}}|{{.Status}}|{{.HostID}}|{{metadata \"flynn-controller.app_name\"}}|{{.Job.Config.Env.PORT}}";
        assertThat(run(new PsCommand(), "-q", "-f", format)).isZero();
        assertThat(out.toString().lines())
                .containsExactly(NEW + "|starting|host1||", WEB + "|running|host1|example|8080");
        out.getBuffer().setLength(0);
        assertThat(run(new PsCommand(), "-f", format)).isZero();
        assertThat(out.toString()).startsWith("ID ");
    }

    @Test
    void aTemplateThatIsNotSupportedIsRefusedByItsAction() {
        assertThat(run(new PsCommand(), "-q", "-f", "{{range .Job}}x{{end}}")).isEqualTo(1);
        assertThat(failures.get(0)).startsWith("{{range .Job}} is not supported in -f");
        assertThat(run(new PsCommand(), "-q", "-f", "{{.Job")).isEqualTo(1);
        assertThat(failures.get(1)).contains("{{ without its }}");
    }

    @Test
    void psAsJsonIsWhatTheHostSays() {
        assertThat(run(new PsCommand(), "--json")).isZero();
        assertThat(out.toString()).startsWith("[{\"job\":{\"id\":\"" + NEW).contains("\"KEY\":\"secret\"");
    }

    @Test
    void withoutHostsThereIsNothingToAsk() {
        instances = "[]";
        assertThat(run(new PsCommand())).isEqualTo(1);
        assertThat(failures).containsExactly("no hosts found");
    }

    @Test
    void inspectShowsAJobInTheContractsOrder() {
        assertThat(run(new InspectCommand(), WEB)).isZero();
        List<String> lines = out.toString().lines().toList();
        assertThat(lines.stream().map(line -> line.split(" {2,}", 2)[0]))
                .containsExactly(
                        "ID",
                        "Entrypoint",
                        "Cmd",
                        "Status",
                        "StartedAt",
                        "EndedAt",
                        "ExitStatus",
                        "IP Address",
                        "flynn-controller.app",
                        "flynn-controller.app_name",
                        "flynn-controller.type",
                        "ENV[KEY]",
                        "ENV[PORT]");
        assertThat(lines.get(1)).endsWith("  /bin/sh -c");
        assertThat(lines.get(7)).endsWith("  100.100.7.2");
    }

    @Test
    void surprise52InspectPrintsTheExitStatusAsANumber() {
        assertThat(run(new InspectCommand(), "--omit-env", OLD)).isZero();
        assertThat(out.toString())
                .contains("ExitStatus  7\n")
                .contains("Status      crashed\n")
                .contains("StartedAt   2015-12-14 10:11:12.123456789 +0000 UTC\n")
                .contains("EndedAt     2015-12-14 10:11:13 +0000 UTC\n");
        out.getBuffer().setLength(0);
        assertThat(run(new InspectCommand(), "--omit-env", NEW)).isZero();
        assertThat(out.toString())
                .contains("StartedAt   0001-01-01 00:00:00 +0000 UTC\n")
                .contains("EndedAt     \n")
                .contains("ExitStatus  \n");
    }

    @Test
    void jobsAndHostsThatAreNotThereAreNamed() {
        assertThat(run(new InspectCommand(), "host1-unknown")).isEqualTo(1);
        assertThat(run(new InspectCommand(), "host9-x")).isEqualTo(1);
        assertThat(run(new InspectCommand(), "nonsense")).isEqualTo(1);
        assertThat(run(new InspectCommand(), "host1-")).isEqualTo(1);
        assertThat(failures)
                .containsExactly("no such job", "cluster: unknown host \"host9\"", "invalid ID", "invalid ID");
    }

    @Test
    void stopGoesOnWithTheNextIdAndFailsInTheEnd() {
        assertThat(run(new StopCommand(), "nonsense", "host9-x", "host1-unknown", WEB))
                .isEqualTo(1);
        assertThat(out.toString().lines())
                .containsExactly(
                        "could not parse nonsense: invalid ID",
                        "could not connect to host host9: cluster: unknown host \"host9\"",
                        "could not stop job host1-unknown: no such job",
                        WEB + " stopped");
        assertThat(failures).containsExactly("could not stop all jobs");
        assertThat(heard).containsExactly("DELETE /host/jobs/" + WEB);
    }

    @Test
    void stopOfAllThatWereNamedIsSuccess() {
        assertThat(run(new StopCommand(), WEB, NEW)).isZero();
        assertThat(out.toString().lines()).containsExactly(WEB + " stopped", NEW + " stopped");
    }

    @Test
    void signalSaysThatItWasSent() {
        assertThat(run(new SignalCommand(), WEB, "15")).isZero();
        assertThat(out.toString()).isEqualTo("sent signal 15 to " + WEB + " successfully\n");
        assertThat(heard).containsExactly("PUT /host/jobs/" + WEB + "/signal/15");
        assertThat(run(new SignalCommand(), WEB, "HUP")).isEqualTo(1);
        assertThat(failures).containsExactly("a signal is a number, such as 15; it was \"HUP\"");
    }

    @Test
    void aKeyIsSentToNobodyWithoutAPin() {
        int status = new CommandLine(new PsCommand())
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    failures.add(failure.getMessage());
                    return 1;
                })
                .execute("--data-dir", data.toString(), "--key", "k");
        assertThat(status).isEqualTo(1);
        assertThat(failures.get(0)).startsWith("--key needs --pin");
    }

    @Test
    void whoHasNeitherAnIdentityNorAKeyIsToldTheWaysOut() {
        int status = new CommandLine(new PsCommand())
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    failures.add(failure.getMessage());
                    return 1;
                })
                .execute("--data-dir", data.toString());
        assertThat(status).isEqualTo(1);
        assertThat(failures.get(0)).contains("holds no identity of a host").contains("--key and --pin");
    }

    @Test
    void everyCommandHasAnExample() {
        for (JobCommand command : List.of(
                new PsCommand(),
                new InspectCommand(),
                new LogCommand(),
                new RunCommand(),
                new StopCommand(),
                new SignalCommand(),
                new CollectDebugInfoCommand())) {
            assertThat(new CommandLine(command).getUsageMessage()).contains("Example: flynn-host ");
        }
    }
}
