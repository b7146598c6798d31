package dev.flynn.sdutil;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.discoverd.Discoverd;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.store.MemoryClusterStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SdutilTest {

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final StoreDiscovery discovery =
            StoreDiscovery.builder(store).ttl(Duration.ofMinutes(10)).build();
    private final Discoverd discoverd =
            Discoverd.builder(discovery, new InetSocketAddress("127.0.0.1", 0)).start();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final List<Sdutil> running = new ArrayList<>();

    @TempDir
    Path directory;

    @AfterEach
    void close() {
        running.forEach(Sdutil::interrupt);
        discoverd.close();
        discovery.close();
        store.close();
    }

    private Sdutil sdutil() {
        var sdutil = new Sdutil(
                Map.of("DISCOVERD", "127.0.0.1:" + discoverd.address().getPort(), "GREETING", "hello"),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        running.add(sdutil);
        return sdutil;
    }

    private int run(String... words) {
        return sdutil().run(List.of(words));
    }

    private CompletableFuture<Integer> start(String... words) {
        Sdutil sdutil = sdutil();
        return CompletableFuture.supplyAsync(() -> sdutil.run(List.of(words)));
    }

    // ---- the command line

    @Test
    void withoutACommandItSaysWhatThereIs() {
        assertThat(run()).isEqualTo(1);
        assertThat(run("expand")).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo(Sdutil.USAGE.repeat(2));
    }

    @Test
    void flagsThatAreWrongHaveAStatusOfTheirOwn() {
        assertThat(run("register", "-x", "web:80")).isEqualTo(2);
        assertThat(run("register", "-h")).isEqualTo(2);
        assertThat(run("register", "-h", "10.0.0.1", "-i", "lo", "web:80")).isEqualTo(1);
        assertThat(run("register", "-i", "nosuch0", "web:80")).isEqualTo(65);
        assertThat(run("register", "web")).isEqualTo(1);
        assertThat(run("register")).isEqualTo(1);
        assertThat(run("exec", "true")).isEqualTo(1);
        assertThat(run("exec", "-s", "web:80")).isEqualTo(1);
        assertThat(run("services")).isEqualTo(1);
    }

    // ---- check, services

    @Test
    void checkTellsWhetherDiscoverdAnswers() {
        assertThat(run("check")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).isNotEmpty();
        out.reset();
        assertThat(run("check", "-s")).isZero();
        discoverd.close();
        assertThat(run("check", "-s")).isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8) + err).isEmpty();
    }

    @Test
    void servicesPrintsAddressesOldestFirst() {
        register("web", "10.0.0.2:80");
        register("web", "10.0.0.1:80");

        assertThat(run("services", "web")).isZero();
        assertThat(run("instances", "-1", "web")).isZero();

        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("10.0.0.2:80\n10.0.0.1:80\n10.0.0.2:80\n");
        assertThat(run("services", "nothing")).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("nothing");
    }

    // ---- register, exec

    @Test
    void registerStaysUntilItIsInterrupted() throws Exception {
        Sdutil sdutil = sdutil();
        CompletableFuture<Integer> status =
                CompletableFuture.supplyAsync(() -> sdutil.run(List.of("register", "-h", "::1", "web:80")));
        await().until(() -> !discovery.instances("web").isEmpty());
        assertThat(discovery.instances("web").get(0).addr()).isEqualTo("[::1]:80");

        sdutil.interrupt();

        assertThat(status.get(20, TimeUnit.SECONDS)).isZero();
        assertThat(discovery.instances("web")).isEmpty();
    }

    @Test
    void anInterfaceGivesItsAddress() {
        var unused = start("register", "-i", "lo", "web:80");
        await().until(() -> !discovery.instances("web").isEmpty());
        assertThat(discovery.instances("web").get(0).addr()).matches("(127\\.0\\.0\\.1|\\[.*:1\\]):80");
    }

    @Test
    void execRegistersWhileTheCommandRunsAndReturnsItsStatus() throws Exception {
        Path end = directory.resolve("end");
        CompletableFuture<Integer> status = start(
                "exec",
                "-h",
                "10.0.0.1",
                "-s",
                "web:80",
                "-s",
                "api:81",
                "sh",
                "-c",
                "until [ -e '" + end + "' ]; do sleep 0.05; done; exit 7");
        await().until(() -> !discovery.instances("web").isEmpty()
                && !discovery.instances("api").isEmpty());

        Files.createFile(end);

        assertThat(status.get(20, TimeUnit.SECONDS)).isEqualTo(7);
        assertThat(discovery.instances("web")).isEmpty();
        assertThat(discovery.instances("api")).isEmpty();
    }

    @Test
    void execKeepsAllArgumentsAlsoASingleOne() throws IOException {
        Path file = directory.resolve("made");

        assertThat(run("exec", "-s", "web:80", "touch", file.toString())).isZero();

        assertThat(file).exists();
        assertThat(run("exec", "-s", "web:80", "/no/such/program")).isEqualTo(127);
    }

    // ---- expose

    @Test
    void exposeWaitsForLeadersRestartsWithOthersAndReturnsTheStatus() throws Exception {
        Path log = directory.resolve("log");
        Path end = directory.resolve("end");
        CompletableFuture<Integer> status = start(
                "expose",
                "-d",
                "DB:db",
                "-d",
                "web",
                "sh",
                "-c",
                "echo $DB $web >>'" + log + "'; until [ -e '" + end + "' ]; do sleep 0.05; done; exit 3");
        Instance first = register("db", "10.0.0.1:1");
        assertThat(log).doesNotExist();
        register("web", "10.0.0.9:80");
        awaitText(log, "10.0.0.1:1 10.0.0.9:80\n");

        register("db", "10.0.0.2:2");
        discovery.deregister("db", first.id());
        awaitText(log, "10.0.0.1:1 10.0.0.9:80\n10.0.0.2:2 10.0.0.9:80\n");

        Files.createFile(end);
        assertThat(status.get(20, TimeUnit.SECONDS)).isEqualTo(3);
    }

    @Test
    void exposeStopsTheCommandWhileALeaderIsMissing() throws Exception {
        Path log = directory.resolve("log");
        Instance only = register("db", "10.0.0.1:1");
        var unused = start(
                "expose",
                "-d",
                "db",
                "sh",
                "-c",
                "trap 'echo stopped >>\"" + log + "\"; exit' TERM; echo $db >>'" + log
                        + "'; while :; do sleep 0.05; done");
        awaitText(log, "10.0.0.1:1\n");

        discovery.deregister("db", only.id());
        awaitText(log, "10.0.0.1:1\nstopped\n");

        register("db", "10.0.0.1:2");
        awaitText(log, "10.0.0.1:1\nstopped\n10.0.0.1:2\n");
    }

    // ---- configure

    @Test
    void configureRendersFilesAndRestartsWhenTheyChange() throws Exception {
        Path template = directory.resolve("template");
        Path file = directory.resolve("file");
        Path log = directory.resolve("log");
        Files.writeString(
                template,
                "{{.Env.GREETING}} {{(.ServiceSet \"db\").Leader.Addr}}:{{range (.ServiceSet \"web\").Addrs}} {{.}}{{end}}\n");
        var unused = start(
                "configure",
                "-f",
                template + ":" + file,
                "sh",
                "-c",
                "cat '" + file + "' >>'" + log + "'; while :; do sleep 0.05; done");
        register("db", "10.0.0.1:1");
        Instance web = register("web", "10.0.0.1:80");
        awaitText(log, "hello 10.0.0.1:1: 10.0.0.1:80\n");

        register("unrelated", "10.0.0.7:1");
        discovery.setMeta("web", new dev.flynn.api.discovery.ServiceMeta("1", 0));
        register("web", "10.0.0.2:80");
        awaitText(log, "hello 10.0.0.1:1: 10.0.0.1:80\nhello 10.0.0.1:1: 10.0.0.1:80 10.0.0.2:80\n");

        discovery.deregister("web", web.id());
        awaitText(
                log,
                "hello 10.0.0.1:1: 10.0.0.1:80\nhello 10.0.0.1:1: 10.0.0.1:80 10.0.0.2:80\nhello 10.0.0.1:1: 10.0.0.2:80\n");
    }

    @Test
    void aTemplateThatIsWrongIsRefusedBeforeAnythingRuns() throws IOException {
        Path template = directory.resolve("template");
        Files.writeString(template, "{{if .Env.X}}no end");

        assertThat(run("configure", "-f", template + ":" + directory.resolve("x"), "true"))
                .isEqualTo(1);
        assertThat(run("configure", "-f", directory.resolve("none") + ":x", "true"))
                .isEqualTo(1);
        assertThat(run("configure", "-f", "nocolon", "true")).isEqualTo(1);
        assertThat(run("configure", "true")).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("{{end}} of {{if}} is missing");
    }

    // ---- helpers

    private Instance register(String service, String addr) {
        if (!discovery.services().contains(service)) {
            discovery.createService(service, LeaderType.OLDEST);
        }
        return discovery.register(service, Instance.of("tcp", addr, Map.of()));
    }

    private static void awaitText(Path file, String text) {
        await().atMost(20, TimeUnit.SECONDS)
                .until(() -> Files.exists(file) && Files.readString(file).equals(text));
    }
}
