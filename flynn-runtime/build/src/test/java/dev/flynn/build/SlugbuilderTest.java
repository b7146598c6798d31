package dev.flynn.build;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class SlugbuilderTest {

    @TempDir
    Path directory;

    private final Map<String, byte[]> blobs = new ConcurrentHashMap<>();
    private int putStatus = 200;
    private HttpServer blobstore;
    private Workshop workshop;
    private Path source;

    @BeforeEach
    void start() throws IOException {
        workshop = new Workshop(directory);
        source = Files.createDirectories(directory.resolve("source"));
        blobstore = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        blobstore.createContext("/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            if (exchange.getRequestMethod().equals("PUT")) {
                byte[] body = exchange.getRequestBody().readAllBytes();
                if (putStatus == 200) {
                    blobs.put(path, body);
                }
                exchange.sendResponseHeaders(putStatus, -1);
            } else if (blobs.containsKey(path)) {
                exchange.sendResponseHeaders(200, blobs.get(path).length);
                exchange.getResponseBody().write(blobs.get(path));
            } else {
                exchange.sendResponseHeaders(404, -1);
            }
            exchange.close();
        });
        blobstore.start();
    }

    @AfterEach
    void stop() {
        blobstore.stop(0);
    }

    private String url(String path) {
        return "http://127.0.0.1:" + blobstore.getAddress().getPort() + path;
    }

    private void write(String name, String text) throws IOException {
        Path file = source.resolve(name);
        Files.createDirectories(file.resolveSibling(""));
        Files.writeString(file, text);
    }

    private Workshop.Result build(Map<String, String> env, String... arguments) throws Exception {
        return workshop.build(source, env, arguments);
    }

    /** Names of the files of a slug. */
    private Set<String> files(Path slug) throws Exception {
        Path app = workshop.unpacked(slug).resolve("app");
        try (Stream<Path> files = Files.walk(app)) {
            return files.filter(file -> !Files.isDirectory(file))
                    .map(file -> app.relativize(file).toString())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    @Test
    void buildsANodeAppInTheContractsWords() throws Exception {
        write("package.json", "{}");
        write("Procfile", "# comment\nweb: node web.js\nclock:   while true; do date; sleep 1; done\n");

        Workshop.Result build = build(Map.of());

        assertThat(build.status()).as(build.messages()).isZero();
        assertThat(build.messages())
                .contains(
                        "-----> Node.js app detected\n",
                        "-----> Discovering process types\n",
                        "       Procfile declares types -> web, clock\n",
                        "       Default process types for Node.js -> web\n")
                .containsPattern("-----> Compiled slug size is \\d[0-9.]*[KM]?\n");
        assertThat(build.out()).contains("\u001b[1G-----> Node.js app detected");
    }

    @Test
    void installsDependenciesAndUsesTheCacheOfTheBuildBefore() throws Exception {
        Path library = Files.createDirectories(source.resolve("library"));
        Files.writeString(library.resolve("package.json"), "{\"name\":\"greeting\",\"version\":\"1.0.0\"}");
        Files.writeString(library.resolve("index.js"), "module.exports = 'good day';");
        write(
                "package.json",
                "{\"name\":\"app\",\"dependencies\":{\"greeting\":\"file:library\"},"
                        + "\"devDependencies\":{\"absent\":\"file:absent\"},\"engines\":{\"node\":\"0.10\"}}");
        write("Procfile", "web: node -p 'require(\"greeting\")'\n");
        Map<String, String> env = Map.of("BUILD_CACHE_URL", url("/cache.tgz"));

        Workshop.Result build = build(env, url("/slug.tgz"));

        assertThat(build.status()).as(build.messages()).isZero();
        assertThat(build.messages())
                .contains("-----> Installing dependencies with npm", "WARN: package.json asks for node 0.10");
        assertThat(blobs).containsOnlyKeys("/slug.tgz", "/cache.tgz");
        Path slug = Files.write(directory.resolve("stored.tgz"), blobs.get("/slug.tgz"));
        assertThat(workshop.runner(workshop.unpacked(slug), Map.of(), "start", "web")
                        .out())
                .isEqualTo("good day\n");
        assertThat(build(env, url("/second.tgz")).status()).isZero();
        assertThat(blobs).containsKey("/second.tgz");
    }

    @Test
    void aPackageThatCannotBeInstalledFailsTheBuild() throws Exception {
        write("package.json", "{\"name\":\"app\",\"dependencies\":{\"gone\":\"file:gone.tgz\"}}");

        Workshop.Result build = build(Map.of(), url("/slug.tgz"));

        assertThat(build.status()).isNotZero();
        assertThat(build.messages()).contains(" !     The buildpack failed with exit status ", "gone.tgz");
        assertThat(blobs).isEmpty();
    }

    @Test
    void packagesThatArePushedWithTheAppAreTakenAsTheyAre() throws Exception {
        write("package.json", "{\"name\":\"app\",\"dependencies\":{\"greeting\":\"^1.0.0\"}}");
        write("node_modules/greeting/package.json", "{\"name\":\"greeting\",\"version\":\"1.0.0\"}");
        write("node_modules/greeting/index.js", "module.exports = 'good day';");
        write("web.js", "console.log(require('greeting'));");
        write("Procfile", "web: node web.js\n");

        Workshop.Result build = build(Map.of(), url("/slug.tgz"));

        assertThat(build.status()).as(build.messages()).isZero();
        assertThat(build.messages()).contains("-----> Taking node_modules from the app");
        Path slug = Files.write(directory.resolve("stored.tgz"), blobs.get("/slug.tgz"));
        assertThat(workshop.runner(workshop.unpacked(slug), Map.of(), "start", "web")
                        .out())
                .isEqualTo("good day\n");
    }

    @Test
    void aPackageFileThatIsNoJsonIsNamed() throws Exception {
        write("package.json", "{ \"name\": ");

        Workshop.Result build = build(Map.of());

        assertThat(build.status()).isNotZero();
        assertThat(build.messages()).contains("package.json is not valid: ");
    }

    @Test
    void aHostWithoutNodeIsToldWhatToInstall() throws Exception {
        write("package.json", "{}");
        Path tools = Files.createDirectories(directory.resolve("tools"));
        workshop.sh(
                tools,
                "for tool in bash env tar gzip cat cut mv mkdir mktemp dirname basename paste sed awk du ls rm grep;"
                        + " do ln -s \"$(type -P $tool)\" .; done");

        Workshop.Result build = build(Map.of("PATH", tools.toString()));

        assertThat(build.status()).isNotZero();
        assertThat(build.messages())
                .contains("Node.js is not installed on this host; its operator can do: apt-get install nodejs npm");
    }

    @Test
    void pythonAndStaticAndProcfileAppsAreDetectedInThisOrder() throws Exception {
        write("Procfile", "web: true\n");
        assertThat(build(Map.of()).messages()).contains("-----> Procfile app detected");
        write("index.html", "<p>hello");
        assertThat(build(Map.of()).messages()).contains("-----> Static site app detected");
        write("requirements.txt", "# none\n\n");
        assertThat(build(Map.of()).messages())
                .contains("-----> Python app detected", "       No requirements to install");
        write("package.json", "{}");
        assertThat(build(Map.of()).messages()).contains("-----> Node.js app detected");
    }

    @Test
    void whatNoBuildpackTakesIsRefusedWithTheWayOut() throws Exception {
        write("notes.txt", "nothing to build");

        Workshop.Result build = build(Map.of(), url("/slug.tgz"));

        assertThat(build.status()).isEqualTo(1);
        assertThat(build.messages())
                .contains("-----> Unable to select a buildpack\n", "package.json", "Procfile", "BUILDPACK_URL");
        assertThat(blobs).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "web node web.js | line 1: \"web node web.js\" has no colon",
                "web: a\\n\\nb c: d | line 3: \"b c\" is no process type",
                ": a | line 1: \"\" is no process type",
                "web: a\\nweb: b | line 2: type \"web\" is there twice",
                "web: a\\nclock:   | line 2: type \"clock\" has no command",
                "A_b-web: a | line 1: type \"A_b-web\" names a service",
                "# only a comment | Procfile has no process type"
            })
    void aProcfileWithErrorsFailsTheBuildNamingLineAndWhatIsExpected(String procfile, String message) throws Exception {
        write("package.json", "{}");
        write("Procfile", procfile.replace("\\n", "\n"));

        Workshop.Result build = build(Map.of(), url("/slug.tgz"));

        assertThat(build.status()).isEqualTo(1);
        assertThat(build.messages()).contains("Procfile", message).containsAnyOf("expected", "lower-case");
        assertThat(blobs).isEmpty();
    }

    @Test
    void aProcfileFromWindowsIsFine() throws Exception {
        write("Procfile", "web: echo hello\r\n\r\n");

        Path slug = workshop.slug(source, Map.of());

        assertThat(workshop.runner(workshop.unpacked(slug), Map.of(), "start", "web")
                        .out())
                .isEqualTo("hello\n");
    }

    @Test
    void aSlugThatCannotBeStoredFailsTheBuild() throws Exception {
        write("Procfile", "web: true\n");
        putStatus = 507;

        Workshop.Result build = build(Map.of(), url("/slug.tgz"));

        assertThat(build.status()).isNotZero();
        assertThat(build.messages()).contains(" !     The slug could not be stored");
    }

    @Test
    void aCacheThatCannotBeStoredOrFetchedIsNoFailure() throws Exception {
        write("package.json", "{}");
        write("bin/compile", "");
        blobs.put("/cache.tgz", new byte[] {1, 2, 3});

        assertThat(build(Map.of("BUILD_CACHE_URL", url("/cache.tgz"), "BUILD_CACHE_UPLOAD_URL", "http://127.0.0.1:1/"))
                        .status())
                .isZero();
    }

    @Test
    void aCustomBuildpackGetsTheEnvironmentAndDecides() throws Exception {
        Path pack = Files.createDirectories(directory.resolve("pack/bin"));
        Files.writeString(pack.resolve("detect"), "#!/bin/sh\necho Odd\n");
        Files.writeString(
                pack.resolve("compile"),
                "#!/bin/bash\nset -e\necho '-----> Compiling'; echo said; echo \"FOO=$(cat \"$3/FOO\")\"\n"
                        + "[ -z \"$BUILD_CACHE_URL$BUILDPACK_URL\" ] || exit 9\n"
                        + "n=$(cat \"$2/count\" 2>/dev/null || echo 0); echo $((n + 1)) >\"$2/count\"; cp \"$2/count\" .\n"
                        + "mkdir -p .profile.d; echo 'export GREETING=hello' >.profile.d/greeting.sh\n");
        Files.writeString(
                pack.resolve("release"),
                "#!/bin/sh\nprintf -- '---\\nconfig_vars:\\n  MOOD: \"so \\\\\"so\\\\\"\"\\n  GIVEN: default\\n"
                        + "default_process_types:\\n  web: echo $GREETING $MOOD $GIVEN $(cat count)\\n  odd-type: true\\n'\n");
        workshop.sh(
                pack.getParent(),
                "chmod +x bin/*; git init -q -b main; git add -A;"
                        + " git -c user.name=A -c user.email=a@b commit -q -m one; git tag one;"
                        + " echo 'exit 1' >bin/detect; git -c user.name=A -c user.email=a@b commit -qam two");
        Files.createDirectories(source.resolve("app"));
        Files.writeString(source.resolve("app/file"), "x");
        write("env/FOO", "bar");
        write(".ENV_DIR_bdca46b87df0537eaefe79bb632d37709ff1df18", "");
        Map<String, String> env =
                Map.of("BUILDPACK_URL", "file://" + pack.getParent() + "#one", "BUILD_CACHE_URL", url("/cache.tgz"));

        Workshop.Result build = build(env, url("/slug.tgz"));
        Workshop.Result again = build(env, url("/slug.tgz"));

        assertThat(build.status()).as(build.messages()).isZero();
        assertThat(again.status()).as(again.messages()).isZero();
        assertThat(build.messages())
                .contains(
                        "-----> Fetching custom buildpack\n",
                        "-----> Odd app detected\n",
                        "-----> Compiling\n       said\n       FOO=bar\n",
                        "       Default process types for Odd -> web, odd-type\n");
        Path slug = Files.write(directory.resolve("stored.tgz"), blobs.get("/slug.tgz"));
        assertThat(files(slug)).containsExactly(".profile.d/greeting.sh", ".release", "count", "file");
        Workshop.Result run = workshop.runner(workshop.unpacked(slug), Map.of("GIVEN", "set"), "start", "web");
        assertThat(run.out()).as("%s", run).isEqualTo("hello so \"so\" set 2\n");

        assertThat(build(Map.of("BUILDPACK_URL", "file://" + pack.getParent())).messages())
                .contains("does not take this app");
        assertThat(build(Map.of("BUILDPACK_URL", "file:///nowhere")).messages()).contains("could not be fetched");
    }

    @Test
    void ignoredFilesAndTheRepositoryAreLeftOutOfTheSlug() throws Exception {
        write("Procfile", "web: true\n");
        write(".slugignore", "# comment\n\n/docs/\n*.psd\n  spaced  \n");
        write("docs/a", "");
        write("deep/docs/b", "");
        write("deep/art.psd", "");
        write("spaced", "");
        write(".git/config", "");

        assertThat(files(workshop.slug(source, Map.of())))
                .containsExactly(".release", ".slugignore", "Procfile", "deep/docs/b");
    }

    @Test
    void builtFilesKeepTheirModesAndLinks() throws Exception {
        write("Procfile", "web: ./run\n");
        write("real", "#!/bin/sh\necho ran\n");
        workshop.sh(source, "chmod +x real; ln -s real run");

        Path slug = workshop.slug(source, Map.of());

        assertThat(workshop.runner(workshop.unpacked(slug), Map.of(), "start", "web")
                        .out())
                .isEqualTo("ran\n");
    }

    @Test
    void sourceThatIsNoTarFailsTheBuild() throws Exception {
        Path job = workshop.job();
        Path garbage = Files.writeString(directory.resolve("garbage"), "no tar");

        Workshop.Result build = workshop.run(
                job,
                java.util.List.of(directory.resolve("images/slugbuilder/init").toString()),
                garbage.toFile(),
                Map.of());

        assertThat(build.status()).isNotZero();
        assertThat(build.messages()).contains("The source could not be unpacked.");
    }

    @Test
    void buildsSideBySideDoNotMeet() throws Exception {
        write("Procfile", "web: true\n");
        Path other = Files.createDirectories(directory.resolve("other"));
        Files.writeString(other.resolve("Procfile"), "other: true\n");

        var first = java.util.concurrent.CompletableFuture.supplyAsync(() -> messages(source));
        var second = java.util.concurrent.CompletableFuture.supplyAsync(() -> messages(other));

        assertThat(first.join()).contains("types -> web\n");
        assertThat(second.join()).contains("types -> other\n");
    }

    private String messages(Path from) {
        try {
            return workshop.build(from, Map.of()).messages();
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
