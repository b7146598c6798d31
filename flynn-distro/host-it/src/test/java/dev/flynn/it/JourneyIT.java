package dev.flynn.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** The guide's first chapter, as a new user types it. */
class JourneyIT {

    private static final Pattern HELLO =
            Pattern.compile("Hello from Flynn on port (\\d+) from container ([0-9a-f-]+)\\s*");

    /** It takes over a change some 150 ms later, and nobody waits for it. */
    private static final boolean NGINX = "nginx".equals(System.getProperty("flynn.router"));

    @TempDir
    static Path directory;

    private static Cluster cluster;

    @BeforeAll
    static void startCluster() {
        cluster = Cluster.start(directory);
    }

    @AfterAll
    static void stopCluster() {
        cluster.close();
    }

    @Test
    void theGuidesFirstChapter() {
        Shell app = sample("example");

        assertThat(app.attempt("flynn create example").err()).contains("Created example");
        assertThat(app.run("git remote -v")).contains("flynn\thttps://git.flynn.localhost:" + cluster.httpsPort());
        assertThat(app.run("flynn route")).contains("http:example.flynn.localhost", "example-web");
        // which is all that git trusts when it pushes below
        assertThat(app.run("git config --get-urlmatch http.sslCAPath $(git remote get-url flynn)"))
                .contains("/.flynn/ca-certs");

        String push = push(app);
        assertThat(push)
                .contains(
                        "-----> Building example...",
                        "-----> Node.js app detected",
                        "=====> Application deployed",
                        "=====> Added default web=1 formation");
        assertThat(hello("example")).matches(HELLO);

        assertThat(app.run("flynn ps").lines().filter(line -> line.contains(" web ")))
                .hasSize(1);
        assertThat(app.run("flynn scale web=3")).contains("scaling web: 1=>3", "scale completed in");
        assertThat(app.run("flynn ps").lines().filter(line -> line.contains(" web ")))
                .hasSize(3);
        await("three answer in turn")
                .atMost(Duration.ofSeconds(20))
                .until(() -> idsOf("example", 20).size() == 3);

        assertThat(app.run("flynn log -t web -n 20")).contains("app[web.");
        String job =
                app.run("flynn ps").lines().skip(1).findFirst().orElseThrow().split(" ", -1)[0];
        assertThat(app.run("flynn log -j " + job + " -r -s"))
                .doesNotContain("app[web.")
                .contains("listening");

        assertThat(app.run("flynn apps")).contains("example");
        assertThat(app.run("flynn info")).contains("=== example").containsAnyOf(cluster.urls("example"));
        assertThat(app.run("flynn release")).contains("ID");
        assertThat(app.run("flynn release show")).contains("Process Types:", "web");
        assertThat(app.run("flynn deployment")).contains("STATUS", "complete");
    }

    @Test
    @DisabledIfSystemProperty(
            named = "flynn.router",
            matches = "nginx",
            disabledReason = "it tells nobody when it has taken over a change, so jobs end before")
    void aSecondPushReplacesTheProcessesAndNoRequestFails() throws Exception {
        Shell app = deployed("steady");
        app.run("flynn scale web=3");
        Set<String> before = idsOf("steady", 20);

        try (var load = new Load(cluster, "steady")) {
            replace(app.directory().resolve("web.js"), "Hello from Flynn", "Bonjour from Flynn");
            app.run("git commit -qam bonjour");
            assertThat(push(app)).contains("=====> Application deployed");
            await().atMost(Duration.ofSeconds(10)).until(() -> hello("steady").startsWith("Bonjour"));
            load.stop();

            assertThat(load.failures()).as("of %d requests", load.count()).isEmpty();
            assertThat(load.count()).isGreaterThan(20);
        }
        String ps = app.run("flynn ps");
        assertThat(ps.lines().filter(line -> line.contains(" web "))).hasSize(3);
        assertThat(before).noneMatch(ps::contains);
    }

    @Test
    void theRouterIsReplacedAndNoRequestFails() throws Exception {
        Shell app = deployed("calm");

        try (var load = new Load(cluster, "calm")) {
            app.run("flynn -a router env set NOTE=replaced");
            load.stop();

            assertThat(load.failures()).as("of %d requests", load.count()).isEmpty();
            assertThat(load.count()).isGreaterThan(20);
        }
        assertThat(app.run("flynn -a router env get NOTE")).isEqualTo("replaced\n");
    }

    @Test
    void aRouteForAnotherDomainAnswers() {
        Shell app = deployed("routed");

        assertThat(app.run("flynn route add http example.com")).startsWith("http/");

        await().atMost(Duration.ofSeconds(5))
                .until(() -> app.run("curl -s -H 'Host: example.com' http://127.0.0.1:" + cluster.httpPort())
                        .startsWith("Hello"));
        String id = app.run("flynn route | awk '/example.com/ {print $3}'").strip();
        assertThat(app.run("flynn route remove " + id)).contains("Route " + id + " removed.");
        await().atMost(Duration.ofSeconds(5))
                .until(() -> app.run("curl -s -H 'Host: example.com' http://127.0.0.1:" + cluster.httpPort())
                        .equals("Not Found\n"));
    }

    /** Three seconds for an answer, and no manners: it ends at the first signal. */
    private static final String SLOW = """
            process.on('SIGTERM', () => process.exit(0));
            require('http').createServer((request, response) => {
              if (request.url !== '/slow') return response.end('Hello\\n');
              let left = 15;
              const timer = setInterval(() => {
                response.write('piece\\n');
                if (--left === 0) { clearInterval(timer); response.end(); }
              }, 200);
            }).listen(process.env.PORT);
            """;

    @Test
    void aResponseThatHasBegunEndsWholeWhenItsRouteDrains() throws Exception {
        Shell app = sample("drained");
        Files.writeString(app.directory().resolve("web.js"), SLOW);
        app.run("git commit -qam slow && flynn create drained");
        push(app);
        String id = app.run("flynn route | awk '/drained/ {print $3}'").strip();
        app.run("flynn route update %s --drain".formatted(id));
        assertThat(app.run("flynn route show " + id)).containsPattern("Drain: +yes");
        await().atMost(Duration.ofSeconds(5)).until(() -> hello("drained").startsWith("Hello"));

        String answer = app.run("""
                (curl -sS -H 'Host: drained.flynn.localhost' http://127.0.0.1:%d/slow; echo "exit $?") > slow.txt 2>&1 &
                sleep 1; flynn scale web=0 > /dev/null; wait; cat slow.txt
                """.formatted(cluster.httpPort()));

        assertThat(answer).isEqualTo("piece\n".repeat(15) + "exit 0\n");
        assertThat(app.run("flynn ps")).doesNotContain(" web ");
    }

    @Test
    void aSecondProcessTypeTicksInTheLog() throws Exception {
        Shell app = deployed("clocked");
        Files.writeString(
                app.directory().resolve("Procfile"),
                "web: node web.js\nclock: while true; do echo tick; sleep 1; done\n");
        app.run("git commit -qam clock");
        assertThat(push(app)).contains("Procfile declares types -> clock, web".substring(0, 24));

        app.run("flynn scale clock=1");

        await().atMost(Duration.ofSeconds(20))
                .until(() -> app.run("flynn log -t clock -n 5").contains(": tick"));
        Process following = app.start("timeout 15 flynn log -f -t clock | head -n 3");
        assertThat(new String(following.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
                        .lines()
                        .toList())
                .hasSize(3)
                .allMatch(line -> line.contains("app[clock.") && line.endsWith(": tick"));
    }

    @Test
    @DisabledIfSystemProperty(
            named = "flynn.router",
            matches = "nginx",
            disabledReason = "it ends both directions of a connection together, and a pipe has to end alone")
    void runGivesATerminalOrAPipeAndTheExitStatus() {
        Shell app = deployed("runner");

        assertThat(app.attempt("echo hi | flynn run cat").out()).isEqualTo("hi\n");
        assertThat(app.attempt("flynn run bash -c 'exit 7'").status()).isEqualTo(7);
        assertThat(app.attempt("flynn run bash -c 'echo oops >&2'").err()).contains("oops");
        assertThat(app.attempt("flynn run bash -c 'pwd; ls'").out()).contains("package.json");
        Shell.Result terminal = app.attempt(
                "script -qec 'stty cols 101 rows 33; flynn run bash' /dev/null",
                "stty size; tty; echo $((6*7)); exit 5\n");
        assertThat(terminal.out()).contains("33 101", "/dev/pts/", "42");
        assertThat(terminal.status()).isEqualTo(5);
    }

    @Test
    void changingTheEnvironmentMakesAReleaseAndReplacesTheProcesses() {
        Shell app = deployed("envy");
        String before = hello("envy");

        assertThat(app.attempt("flynn env set FOO=bar").err()).matches("Created release [0-9a-f-]{36}\\.\n");

        assertThat(app.run("flynn env")).contains("FOO=bar");
        assertThat(app.run("flynn env get FOO")).isEqualTo("bar\n");
        assertThat(app.run("flynn run bash -c 'echo $FOO'")).contains("bar");
        await().atMost(Duration.ofSeconds(5)).until(() -> !hello("envy").equals(before));
        app.run("flynn env unset FOO");
        assertThat(app.run("flynn env")).doesNotContain("FOO");
    }

    @Test
    void aKilledJobComesBack() {
        Shell app = deployed("phoenix");
        String job =
                app.run("flynn ps").lines().skip(1).findFirst().orElseThrow().split(" ", -1)[0];

        assertThat(app.attempt("flynn kill " + job).err()).contains("Job " + job + " killed.");

        await().atMost(Duration.ofSeconds(20)).ignoreExceptions().until(() -> {
            String ps = app.run("flynn ps");
            return ps.contains(" web ") && !ps.contains(job) && hello("phoenix").startsWith("Hello");
        });
    }

    @Test
    void metadataAndLimitsAreKept() {
        Shell app = deployed("kept");

        app.run("flynn meta set team=billing");
        assertThat(app.run("flynn meta")).contains("team", "billing");
        assertThat(app.run("flynn limit set web memory=512MB")).startsWith("Created release ");
        assertThat(app.run("flynn limit")).contains("memory=512MB", "max_fd=10000");
    }

    @Test
    void aKeyForOneAppPushesThatAppAndTheAuditSaysSo() {
        Shell app = deployed("keyed");
        app.run("flynn create keyless -r ''");
        String issued = app.run("flynn access-key add ci --scope deploy,app:keyed --json");
        String key = issued.replaceAll("(?s).*\"key\":\"(flynn_[^\"]+)\".*", "$1");
        String git = "git -c credential.helper= push https://ci:" + key + "@git.flynn.localhost:" + cluster.httpsPort();
        app.run("git commit -q --allow-empty -m again");

        Shell.Result push = app.attempt(git + "/keyed.git master");
        assertThat(push.status()).as("%s", push).isZero();
        assertThat(push.err()).contains("=====> Application deployed");

        assertThat(app.attempt(git + "/keyless.git master").status()).isNotZero();
        String id = app.run("flynn -a keyed info --json").replaceAll("(?s).*\"id\":\"([^\"]+)\".*", "$1");
        await().atMost(Duration.ofSeconds(5))
                .until(() ->
                        app.run("flynn -a keyed audit -k ci -n 50").contains(" ci POST /apps/" + id + "/deploy 200 "));
        assertThat(app.run("flynn -a keyless audit -k ci")).doesNotContain(" 200 ");
    }

    @Test
    void anExportedAppIsImportedAndRuns() {
        Shell app = deployed("mover");
        app.run("flynn env set GREETING=moved && flynn scale web=2");

        assertThat(app.attempt("flynn export | flynn import -n moved").out())
                .isEqualTo("Imported moved (added 1 routes, provisioned 0 resources)\n");

        assertThat(app.run("flynn -a moved scale")).isEqualTo("web=2\n");
        assertThat(app.run("flynn -a moved env get GREETING")).isEqualTo("moved\n");
        await().atMost(Duration.ofSeconds(20))
                .until(() -> HELLO.matcher(hello("moved")).matches());
        app.run("flynn -a mover delete -y");
        assertThat(app.run("flynn -a moved run bash -c 'ls'")).contains("package.json");
    }

    @Test
    void aDeletedAppIsGone() {
        Shell app = deployed("gone");

        assertThat(app.attempt("flynn delete -y").err()).startsWith("Deleted gone");

        assertThat(app.run("flynn apps")).doesNotContain("gone");
        await().atMost(Duration.ofSeconds(10))
                .until(() -> app.run("curl -s " + cluster.url("gone")).equals("Not Found\n"));
    }

    @Test
    void flynnRunsFlynn() {
        Shell user = cluster.user();

        assertThat(user.run("flynn -a controller env get AUTH_KEY").strip()).isEqualTo(cluster.key());
        assertThat(user.run("flynn -a router ps")).contains(" app ");
        deployed("pushed");
        await().atMost(Duration.ofSeconds(10))
                .until(() -> user.run("flynn -a gitreceive log").contains("pushed"));
    }

    @Test
    void aWrongKeyIsRefusedWithoutDetail() {
        String answer =
                cluster.user().run("curl -sk -o - -w '%{http_code}' -u :wrong " + cluster.controllerUrl() + "/apps");

        assertThat(answer).isEqualTo("401");
    }

    @Test
    void invalidAndTakenNamesAreRefusedInTheContractsWords() {
        Shell user = cluster.user();
        user.attempt("flynn create taken");

        assertThat(user.attempt("flynn create Not_Valid").err())
                .contains("validation_error: name String must match the pattern: \"^[a-z\\d]+(-[a-z\\d]+)*$\".");
        assertThat(user.attempt("flynn create taken").err())
                .contains("object_exists: application \"taken\" already exists");
    }

    @Test
    void pushesThatCannotWorkSayWhy() throws Exception {
        Shell unknown = sample("unknown");
        unknown.run("git remote add flynn https://git.flynn.localhost:" + cluster.httpsPort() + "/unknown.git");
        Shell.Result refused = unknown.attempt("git push flynn master");
        assertThat(refused.status()).as("%s", refused).isNotZero();
        assertThat(refused.err()).containsIgnoringCase("not found");

        Shell odd = repository("odd");
        Files.writeString(odd.directory().resolve("notes.txt"), "nothing to build\n");
        odd.run("git add -A && git commit -qm notes && flynn create odd");
        Shell.Result undetected = odd.attempt("git push flynn master");
        assertThat(undetected.status()).isNotZero();
        assertThat(undetected.err()).contains("Unable to select a buildpack");
    }

    @Test
    void aBuildThatFailsLeavesTheOldReleaseServing() throws Exception {
        Shell app = deployed("sturdy");
        Files.writeString(app.directory().resolve("Procfile"), "web node web.js\n");
        app.run("git commit -qam broken");

        Shell.Result push = app.attempt("git push flynn master");

        assertThat(push.status()).as("%s", push).isNotZero();
        assertThat(push.err()).contains("Procfile");
        assertThat(hello("sturdy")).matches(HELLO);
    }

    @Test
    void aProcessThatExitsAtOnceFailsTheDeploymentAndTheOldReleaseServesOn() throws Exception {
        Shell app = deployed("fallback");
        Files.writeString(
                app.directory().resolve("web.js"), "console.error('cannot find my database'); process.exit(3);\n");
        app.run("git commit -qam broken");

        Shell.Result push = app.attempt("git push flynn master");

        assertThat(push.status()).as("%s", push).isNotZero();
        assertThat(push.err()).contains("web", "cannot find my database");
        assertThat(hello("fallback")).matches(HELLO);
        assertThat(app.run("flynn ps").lines().filter(line -> line.contains(" web ")))
                .hasSize(1);
    }

    @Test
    void twoPushesAtOnceComeOneAfterTheOther() throws Exception {
        Shell app = deployed("queue");
        app.run("git commit -q --allow-empty -m first");
        Shell later = cluster.user().in(directory.resolve("queue-later"));
        cluster.user().run("git clone -q " + app.directory() + " " + later.directory());
        later.run("git remote add flynn $(git -C " + app.directory() + " remote get-url flynn)");
        later.run("git commit -q --allow-empty -m second");

        Process one = app.start("git push flynn master 2>&1");
        Process two = later.start("git push flynn master 2>&1");
        String first = new String(one.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        String second = new String(two.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);

        assertThat(two.waitFor()).as("%s%n%s", first, second).isZero();
        assertThat(one.waitFor()).as("%s%n%s", first, second).isZero();
        // whichever came last is what is deployed
        String master = later.run("git ls-remote flynn master").substring(0, 40);
        assertThat(master)
                .isIn(
                        later.run("git rev-parse HEAD").strip(),
                        app.run("git rev-parse HEAD").strip());
        assertThat(hello("queue")).matches(HELLO);
    }

    // what the tests are made of

    private static String hello(String app) {
        return cluster.user().run("curl -s " + cluster.url(app));
    }

    private static Set<String> idsOf(String app, int requests) {
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < requests; i++) {
            Matcher answer = HELLO.matcher(hello(app));
            if (answer.matches()) {
                ids.add(answer.group(2));
            }
        }
        return ids;
    }

    /** Pushes master and gives what the pusher sees, without the codes that move the cursor. */
    private static String push(Shell app) {
        Shell.Result push = app.attempt("git push flynn master");
        assertThat(push.status()).as("%s", push).isZero();
        if (NGINX) {
            await().atMost(Duration.ofSeconds(10))
                    .until(() ->
                            !hello(app.directory().getFileName().toString()).startsWith("Service Unavailable"));
        }
        return push.err().replaceAll("\u001b\\[[0-9]*[A-Z]", "");
    }

    /** The sample app in a repository of its own, created and pushed. */
    private static Shell deployed(String name) {
        Shell app = sample(name);
        app.run("flynn create " + name);
        push(app);
        return app;
    }

    private static Shell sample(String name) {
        Shell app = repository(name);
        app.run("cp -r " + Distribution.example("nodejs") + "/. . && git add -A && git commit -qm sample");
        return app;
    }

    private static Shell repository(String name) {
        Path repository = directory.resolve(name);
        cluster.user().run("git init -q " + repository);
        return cluster.user().in(repository);
    }

    private static void replace(Path file, String what, String by) throws IOException {
        Files.writeString(file, Files.readString(file).replace(what, by));
    }
}
