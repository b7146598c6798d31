package dev.flynn.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class SlugrunnerTest {

    private static final Path EXAMPLES = Path.of("../../examples/apps").toAbsolutePath();

    @TempDir
    Path directory;

    private Workshop workshop;
    private Path job;

    @BeforeEach
    void start() throws IOException {
        workshop = new Workshop(directory);
        job = workshop.job();
    }

    private void write(String name, String text) throws IOException {
        Path file = job.resolve("app").resolve(name);
        Files.createDirectories(file.resolveSibling(""));
        Files.writeString(file, text);
    }

    @Test
    void runsACommandInTheAppsEnvironmentAndGivesItsStatus() throws Exception {
        write(".profile.d/b.sh", "export ORDER=\"$ORDER b\"; false\n");
        write(".profile.d/a.sh", "export ORDER=a\n");
        write(".release", "config_vars:\n  NODE_ENV: production\n  LANG: 'it''s'\n");

        Workshop.Result run = workshop.runner(
                job,
                Map.of("NODE_ENV", "test", "SLUG_URL", "http://127.0.0.1:1/gone"),
                "bash",
                "-c",
                "echo \"$ORDER|$NODE_ENV|$LANG|$SLUG_URL|$1\"; pwd; exit 7",
                "x",
                "two words; $(echo not run)");

        assertThat(run.out()).isEqualTo("a b|test|it's||two words; $(echo not run)\n" + job.resolve("app") + "\n");
        assertThat(run.status()).isEqualTo(7);
    }

    @Test
    void theProcfileWinsOverTheDefaultsAsAWhole() throws Exception {
        write("Procfile", "web: echo procfile $((6 * 7))\n");
        write(".release", "default_process_types:\n  web: echo default\n  clock: echo tick\n");

        assertThat(workshop.runner(job, Map.of(), "start", "web").out()).isEqualTo("procfile 42\n");
        Workshop.Result unknown = workshop.runner(job, Map.of(), "start", "clock");
        assertThat(unknown.status()).isEqualTo(1);
        assertThat(unknown.err()).isEqualTo("This release has no process type \"clock\"; it has: web.\n");
    }

    @Test
    void withoutAProcfileTheDefaultsRun() throws Exception {
        write(
                ".release",
                "---\naddons: []\ndefault_process_types:\n  \"web\": 'echo \"it''s\" one: two'\n  clock: echo tick\n");

        assertThat(workshop.runner(job, Map.of(), "start", "web").out()).isEqualTo("it's one: two\n");
        assertThat(workshop.runner(job, Map.of(), "start", "other").err()).contains("it has: web, clock.");
    }

    @Test
    void whatCannotBeRunIsSaid() throws Exception {
        write("file", "");

        assertThat(workshop.runner(job, Map.of()).err()).contains("There is nothing to run");
        Workshop.Result missing = workshop.runner(job, Map.of(), "no-such-program");
        assertThat(missing.status()).isEqualTo(127);
        assertThat(missing.err()).isEqualTo("no-such-program: command not found\n");
        Workshop.Result empty = workshop.runner(workshop.job(), Map.of(), "start", "web");
        assertThat(empty.status()).isEqualTo(1);
        assertThat(empty.err()).contains("There is no app to start");
    }

    @Test
    void aCommandRunsWithoutAnyApp() throws Exception {
        assertThat(workshop.runner(job, Map.of(), "echo", "hi").out()).isEqualTo("hi\n");
    }

    @Test
    void signalsReachTheApp() throws Exception {
        write(
                "Procfile",
                "web: exec bash -c 'trap \"echo bye; exit 5\" TERM; echo ready; while true; do sleep 0.05; done'\n");

        Process app = workshop.startRunner(job, Map.of(), "start", "web");
        try {
            await().until(() -> Files.readString(job.resolve("out")).contains("ready"));
            app.destroy();
            assertThat(app.waitFor(10, TimeUnit.SECONDS)).isTrue();
        } finally {
            end(app);
        }

        assertThat(app.exitValue()).isEqualTo(5);
        assertThat(Files.readString(job.resolve("out"))).isEqualTo("ready\nbye\n");
    }

    private static void end(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    @ParameterizedTest
    @ValueSource(strings = {"nodejs", "python", "static"})
    void theSamplesAreBuiltAndAnswer(String sample) throws Exception {
        Path app = workshop.unpacked(workshop.slug(EXAMPLES.resolve(sample), Map.of()));
        int port = freePort();

        Process web = workshop.startRunner(app, web(port), "start", "web");
        try {
            awaitListening(app, port);

            assertThat(get(port, "/").body()).containsIgnoringCase("hello from");
            if (sample.equals("nodejs")) {
                assertThat(get(port, "/").body())
                        .isEqualTo("Hello from Flynn on port " + port + " from container 0a1b\n");
            }
        } finally {
            end(web);
        }
    }

    @Test
    void theNodeSampleFinishesWhatItHasBegunBeforeItStops() throws Exception {
        Path app = workshop.unpacked(workshop.slug(EXAMPLES.resolve("nodejs"), Map.of()));
        int port = freePort();
        Process web = workshop.startRunner(app, web(port), "start", "web");
        try (Socket slow = new Socket()) {
            awaitListening(app, port);
            slow.connect(new java.net.InetSocketAddress("127.0.0.1", port));
            slow.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\n".getBytes(StandardCharsets.US_ASCII));
            slow.getOutputStream().flush();
            // a second connection is answered after the server has read the first part of the first one
            assertThat(get(port, "/").statusCode()).isEqualTo(200);

            web.destroy();
            await().atMost(Duration.ofSeconds(10)).until(() -> refused(port));
            slow.getOutputStream().write("Connection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            slow.getOutputStream().flush();

            assertThat(new String(slow.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("200 OK", "Hello from Flynn");
            assertThat(web.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(web.exitValue()).isZero();
        } finally {
            end(web);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"node .static/server.js", "python3 .static/server.py"})
    void bothStaticServersShowTheRootAndNothingHidden(String server) throws Exception {
        Path servers = directory.resolve("images/slugbuilder/buildpacks/static");
        write("index.html", "outside");
        write("public/index.html", "<p>home");
        write("public/a b/style.css", "p {}");
        write("public/.secret", "hidden");
        write("public/empty/file.txt", "text");
        Files.createSymbolicLink(job.resolve("app/public/leak"), Path.of("/etc/passwd"));
        write(".static/root", "public\n");
        for (String name : List.of("server.js", "server.py")) {
            Files.copy(servers.resolve(name), job.resolve("app/.static").resolve(name));
        }
        int port = freePort();

        Process web = workshop.startRunner(job, web(port), server.split(" ", -1));
        try {
            awaitListening(job, port);

            assertThat(get(port, "/").body()).isEqualTo("<p>home");
            HttpResponse<String> style = get(port, "/a%20b/style.css?v=1");
            assertThat(style.body()).isEqualTo("p {}");
            assertThat(style.headers().firstValue("Content-Type").orElse("")).startsWith("text/css");
            for (String path : List.of("/.secret", "/leak", "/empty/", "/nope", "/.static/root", "/%00")) {
                assertThat(raw(port, path)).as(path).startsWith("HTTP/1.1 404");
            }
            for (String path : List.of("/../index.html", "/%2e%2e/index.html", "/..%2findex.html", "/%zz", "//", "x")) {
                assertThat(raw(port, path)).as(path).doesNotContain("outside", "root:");
            }
            assertThat(get(port, "/").statusCode()).isEqualTo(200);
            web.destroy();
            assertThat(web.waitFor(15, TimeUnit.SECONDS)).isTrue();
            assertThat(web.exitValue()).isZero();
        } finally {
            end(web);
        }
    }

    private static Map<String, String> web(int port) {
        return Map.of("PORT", String.valueOf(port), "LISTEN_IP", "127.0.0.1", "HOSTNAME", "0a1b");
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void awaitListening(Path job, int port) {
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(refused(port)).as(read(job)).isFalse());
    }

    private static String read(Path job) {
        try {
            return Files.readString(job.resolve("out")) + Files.readString(job.resolve("err"));
        } catch (IOException e) {
            return "";
        }
    }

    private static boolean refused(int port) {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return !socket.isConnected();
        } catch (IOException refused) {
            return true;
        }
    }

    private static HttpResponse<String> get(int port, String path) throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                                .header("X", "y")
                                .build(),
                        BodyHandlers.ofString());
    }

    /** A request whose path no client has made tidy. */
    private static String raw(int port, String path) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }
}
