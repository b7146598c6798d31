package dev.flynn.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.access.KeyHolder;
import dev.flynn.api.access.Scope;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.HealthCheck;
import dev.flynn.api.release.Port;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.api.release.Service;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(90)
class PushTest {

    @TempDir
    Path directory;

    private GitServer server;
    private FakeController controller;
    private Checkout app;

    @BeforeEach
    void start() throws Exception {
        server = new GitServer(directory, Map.of());
        controller = server.controller;
        app = checkout("app");
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    private Checkout checkout(String name) throws Exception {
        var checkout = new Checkout(directory.resolve(name));
        checkout.git("remote", "add", "flynn", server.url());
        return checkout;
    }

    private Checkout.Result push() {
        return app.attempt("push", "flynn", "master");
    }

    private String master() {
        return app.git("ls-remote", "flynn", "refs/heads/master").split("\t", -1)[0];
    }

    @Test
    void aKeyThatMayDeployPushesAndThePlatformSaysForWhom() throws Exception {
        controller.holders.put("named", new KeyHolder("ci", List.of(Scope.DEPLOY, Scope.ofApp(controller.app.id()))));
        app.git("remote", "set-url", "flynn", server.url().replace(GitServer.KEY, "named"));
        String commit = app.commit("web.js", "hello();\n");

        Checkout.Result push = push();

        assertThat(push.status()).as("%s", push).isZero();
        assertThat(master()).isEqualTo(commit);
        assertThat(controller.askedFor).contains("ci").containsOnly("ci");
    }

    @Test
    void aKeyThatMayOnlyLookFetchesAndDoesNotPush() throws Exception {
        app.commit("web.js", "hello();\n");
        assertThat(push().status()).isZero();
        controller.holders.put("named", new KeyHolder("dashboard", List.of(Scope.READ)));
        app.git("remote", "set-url", "flynn", server.url().replace(GitServer.KEY, "named"));
        app.commit("web.js", "other();\n");

        Checkout.Result push = push();

        assertThat(push.status()).isNotZero();
        assertThat(push.output()).contains("the key dashboard may only look");
        assertThat(controller.releases).hasSize(1);
        assertThat(master()).isNotEmpty();
    }

    @Test
    void aKeyForAnotherAppPushesNothing() throws Exception {
        controller.holders.put("named", new KeyHolder("ci", List.of(Scope.ofApp(AppId.random()))));
        app.git("remote", "set-url", "flynn", server.url().replace(GitServer.KEY, "named"));
        app.commit("web.js", "hello();\n");

        Checkout.Result push = push();

        assertThat(push.status()).isNotZero();
        assertThat(push.output()).contains("the key ci is for one app");
        assertThat(controller.releases).isEmpty();
    }

    @Test
    void buildsReleasesDeploysAndStartsTheFirstWebJob() throws Exception {
        String commit = app.commit("web.js", "hello();\n");

        Checkout.Result push = push();

        assertThat(push.status()).as("%s", push).isZero();
        assertThat(push.plain().lines().map(String::stripTrailing))
                .containsSubsequence(
                        "remote: -----> Building shop...",
                        "remote: -----> Node.js app detected",
                        "remote:        Procfile declares types -> web",
                        "remote: -----> Creating release...",
                        "remote: =====> Application deployed",
                        "remote: =====> Waiting for web job to start...",
                        "remote: =====> Added default web=1 formation");
        assertThat(push.output()).contains("remote: \u001b[1G\u001b[K-----> Building shop...");
        assertThat(master()).isEqualTo(commit);
        Release release = controller.releases.get(0);
        assertThat(controller.formations).containsExactly(Map.entry(release.id(), Map.of("web", 1)));
        assertThat(release.env().get("SLUG_URL")).matches("http://blobstore\\.discoverd/[0-9a-f-]{36}\\.tgz");
        assertThat(release.meta()).containsEntry("git", "true").containsEntry("git.commit", commit);
        assertThat(release.processes())
                .containsExactly(Map.entry(
                        "web",
                        ProcessType.ofCommand(List.of("start", "web"))
                                .withPorts(
                                        List.of(new Port(
                                                8080,
                                                "tcp",
                                                Optional.of(new Service(
                                                        "shop-web", true, Optional.of(HealthCheck.tcp()))))),
                                        Optional.of("shop-web"))));
    }

    @Test
    void theBuilderGetsTheCommitsFilesAndSignedUrls() throws Exception {
        app.write("bin/run", "#!/bin/sh\n");
        assertThat(app.directory().resolve("bin/run").toFile().setExecutable(true))
                .isTrue();
        Files.createSymbolicLink(app.directory().resolve("link"), Path.of("bin/run"));
        app.write("öäü/" + "long/".repeat(40) + "file", "deep\n");
        app.commit();

        assertThat(push().status()).isZero();

        FakeBuild build = controller.builds.get(0);
        assertThat(build.source())
                .containsExactly(
                        Map.entry("bin/run*", "#!/bin/sh\n"),
                        Map.entry("link", "-> bin/run"),
                        Map.entry("öäü/" + "long/".repeat(40) + "file", "deep\n"));
        assertThat(controller.artifacts) // asked for at the same time
                .extracting("uri")
                .containsExactlyInAnyOrder("host:slugbuilder", "host:slugrunner");
        assertThat(controller.artifacts)
                .filteredOn(artifact -> artifact.uri().equals("host:slugbuilder"))
                .extracting(Artifact::id)
                .containsExactly(build.job.artifact().orElseThrow());
        String blobs = "http://" + server.blobs.address() + "/";
        assertThat(build.job.cmd()).singleElement().asString().startsWith(blobs).contains(".tgz?sig=");
        assertThat(build.job.env()).containsOnlyKeys("BUILD_CACHE_UPLOAD_URL");
        assertThat(build.job.env().get("BUILD_CACHE_UPLOAD_URL"))
                .startsWith(blobs + controller.app.id() + "-cache.tgz?sig=");
        assertThat(build.job.toString()).doesNotContain(GitServer.KEY);
    }

    @Test
    void aBuildIsGivenTheCacheThatAnEarlierOneLeft() throws Exception {
        String cache = "/" + controller.app.id() + "-cache.tgz";
        server.blobs.put(cache, new byte[0]);
        app.write("Procfile", "web: run\n");
        app.commit();

        assertThat(push().status()).isZero();

        assertThat(controller.builds.get(0).job.env().get("BUILD_CACHE_URL"))
                .startsWith("http://" + server.blobs.address() + cache + "?sig=");
    }

    @Test
    void theEnvironmentOfTheReleaseBeforeIsGivenToTheBuildAndKept() throws Exception {
        controller.current = release(Map.of("FOO", "bar", "BUILDPACK_URL", "https://example.com/pack.git"));
        app.commit("web.js", "hello();\n");

        assertThat(push().status()).isZero();

        FakeBuild build = controller.builds.get(0);
        assertThat(build.source())
                .containsOnlyKeys(
                        "app/web.js",
                        "env/FOO",
                        "env/BUILDPACK_URL",
                        ".ENV_DIR_bdca46b87df0537eaefe79bb632d37709ff1df18")
                .containsEntry("env/FOO", "bar");
        assertThat(build.job.env()).containsEntry("BUILDPACK_URL", "https://example.com/pack.git");
        assertThat(build.job.release()).isPresent();
        assertThat(controller.releases.get(0).env()).containsEntry("FOO", "bar").containsKey("SLUG_URL");
    }

    @Test
    void whatOthersSetWhileItIsBuiltIsKept() throws Exception {
        controller.current = release(Map.of("COLOR", "red", "SIZE", "1"));
        controller.program = build -> {
            controller.current = release(Map.of("COLOR", "blue"));
            return FakeBuild.SUCCESS.run(build);
        };
        app.commit("web.js", "hello();\n");

        assertThat(push().status()).isZero();

        assertThat(controller.current.env())
                .containsOnlyKeys("COLOR", "SLUG_URL")
                .containsEntry("COLOR", "blue");
    }

    @Test
    void whatOthersReleaseBeforeItIsDeployedIsKept() throws Exception {
        controller.current = release(Map.of("COLOR", "red"));
        var others = new ArrayList<>(List.of(release(Map.of("COLOR", "green")), release(Map.of("COLOR", "blue"))));
        controller.beforeDeployment = () -> {
            if (!others.isEmpty()) {
                controller.current = others.remove(0);
            }
        };
        app.commit("web.js", "hello();\n");

        assertThat(push().status()).isZero();

        assertThat(controller.releases).hasSize(3);
        assertThat(controller.current.env()).containsEntry("COLOR", "blue").containsKey("SLUG_URL");
    }

    @Test
    void waitsForADeploymentThatIsUnderWayAndKeepsWhatItSets() throws Exception {
        controller.current = release(Map.of());
        var other = new AtomicReference<>(release(Map.of("COLOR", "blue")));
        controller.beforeDeployment = () -> {
            Release release = other.getAndSet(null);
            if (release != null) {
                controller.othersDeploy(release);
            }
        };
        app.commit("web.js", "hello();\n");

        Checkout.Result push = push();

        assertThat(push.status()).as("%s", push).isZero();
        assertThat(push.plain()).contains("-----> Waiting for the deployment that is under way...");
        assertThat(controller.current.env()).containsEntry("COLOR", "blue").containsKey("SLUG_URL");
    }

    @Test
    void whoScalesWhileTheDeploymentTakesItsTimeIsNotOverruled() {
        controller.duringDeployment = () -> {
            LockSupport.parkNanos(Duration.ofMillis(400).toNanos());
            controller.formations.put(controller.current.id(), Map.of("web", 2));
        };
        app.commit("web.js", "hello();\n");

        Checkout.Result push = push();

        assertThat(push.status()).as("%s", push).isZero();
        assertThat(push.plain()).contains("=====> Application deployed").doesNotContain("formation");
        assertThat(controller.formations).containsExactly(Map.entry(controller.current.id(), Map.of("web", 2)));
    }

    private static Release release(Map<String, String> env) {
        ProcessType limited = ProcessType.ofCommand(List.of("old"))
                .withResources(Map.of(ResourceLimit.MEMORY, ResourceLimit.of(1 << 20)));
        return new Release(
                ReleaseId.random(),
                Optional.empty(),
                List.of(),
                env,
                Map.of(),
                Map.of("web", limited, "gone", limited),
                FakeController.NOW);
    }

    @Test
    void aSecondPushKeepsTheScaleAndWhatTheReleaseSaysOfATypeAndDropsTypesThatAreGone() {
        controller.current = release(Map.of());
        controller.formations.put(controller.current.id(), Map.of("web", 3));
        app.commit("web.js", "hello();\n");

        Checkout.Result push = push();

        assertThat(push.plain()).contains("=====> Application deployed").doesNotContain("formation");
        Release made = controller.releases.get(0);
        assertThat(controller.formations).containsEntry(made.id(), Map.of("web", 3));
        assertThat(made.processes()).containsOnlyKeys("web");
        assertThat(made.processes().get("web").cmd()).containsExactly("start", "web");
        assertThat(made.processes().get("web").resources()).containsKey(ResourceLimit.MEMORY);
    }

    @Test
    void theFirstDeclarationOfTypesCountsAndOthersThanWebAreNotStarted() {
        controller.program = build -> {
            build.say(
                    "       Procfile declares types -> clock, admin-web\n       Default process types for X -> web\n");
            build.storeSlug();
            return 0;
        };
        app.commit("Procfile", "clock: tick\n");

        assertThat(push().status()).isZero();

        assertThat(controller.releases.get(0).processes()).containsOnlyKeys("clock", "admin-web");
        assertThat(controller.releases.get(0).processes().get("admin-web").service())
                .contains("shop-admin-web");
        assertThat(controller.releases.get(0).processes().get("clock").ports()).isEmpty();
        assertThat(controller.formations).isEmpty();
    }

    @Test
    void thePusherSeesTheBuildWhileItRuns() throws Exception {
        var go = new CountDownLatch(1);
        controller.program = build -> {
            build.say(OutputStreamKind.STDERR, "half a ");
            build.say("whole line\n");
            build.say(OutputStreamKind.STDERR, "line\n");
            assertThat(go.await(30, TimeUnit.SECONDS)).isTrue();
            return FakeBuild.SUCCESS.run(build);
        };
        app.commit("web.js", "hello();\n");

        Process push = app.start("push", "flynn", "master");
        List<String> seen = new ArrayList<>();
        var reader = push.inputReader();
        while (seen.stream().noneMatch(line -> line.contains("half a line"))) {
            seen.add(reader.readLine());
        }
        go.countDown();

        assertThat(String.join("\n", seen)).contains("whole line").doesNotContain("half a whole");
        reader.transferTo(java.io.Writer.nullWriter());
        assertThat(push.waitFor()).isZero();
    }

    @Test
    void aBuildThatFailsRefusesThePushAndLeavesNoSlugAndMayBePushedAgain() {
        String commit = app.commit("web.js", "hello();\n");
        controller.program = build -> {
            build.storeSlug();
            build.say(OutputStreamKind.STDERR, " !     it does not compile");
            return 7;
        };

        Checkout.Result refused = push();

        assertThat(refused.status()).isNotZero();
        assertThat(refused.plain())
                .contains(" !     it does not compile", "Build failed: exit status 7", "[remote rejected]");
        assertThat(server.blobs.paths()).isEmpty();
        assertThat(controller.releases).isEmpty();
        assertThat(app.git("ls-remote", "flynn")).isEmpty();

        controller.program = FakeBuild.SUCCESS;
        assertThat(push().status()).isZero();
        assertThat(master()).isEqualTo(commit);
    }

    @Test
    void aBuilderThatWasKilledIsNoSuccessAlthoughItsStatusIsZero() {
        app.commit("web.js", "hello();\n");
        controller.program = build -> 0;

        Checkout.Result refused = push();

        assertThat(refused.status()).isNotZero();
        assertThat(refused.plain()).contains("Build failed: the builder was ended before it stored what it had built");
        assertThat(controller.releases).isEmpty();
    }

    @Test
    void aDeploymentThatFailsTellsAllLinesOfTheReasonAndMasterStays() {
        app.commit("web.js", "hello();\n");
        assertThat(push().status()).isZero();
        String before = master();
        app.commit("web.js", "crash();\n");
        controller.deploymentError = Optional.of("web failed to start\nIts last lines:\n    cannot find my database");

        Checkout.Result refused = push();

        assertThat(refused.status()).isNotZero();
        assertThat(refused.plain())
                .contains("remote: web failed to start", "remote:     cannot find my database")
                .doesNotContain("Application deployed");
        assertThat(master()).isEqualTo(before);
        assertThat(controller.deployed).hasSize(1);
    }

    @Test
    void aFirstWebJobThatExitsFailsThePushWithItsLastLinesAndIsNotLeftScaled() {
        app.commit("web.js", "crash();\n");
        controller.webExits = OptionalInt.of(3);

        Checkout.Result refused = push();

        assertThat(refused.status()).isNotZero();
        assertThat(refused.plain())
                .contains(
                        "Failed to scale web process type: the job ended with status 3", "    cannot find my database")
                .doesNotContain("Added default");
        assertThat(controller.formations).isEmpty();
    }

    @Test
    void aPushWithoutMasterIsRefusedWithTheWayOut() {
        app.commit("web.js", "hello();\n");

        Checkout.Result refused = app.attempt("push", "flynn", "master:main");

        assertThat(refused.status()).isNotZero();
        assertThat(refused.plain())
                .contains(
                        "The push must include a change to the master branch to be deployed.",
                        "git push flynn main:master");
        assertThat(controller.builds).isEmpty();
        assertThat(app.git("ls-remote", "flynn")).isEmpty();
    }

    @Test
    void severalRefsArriveTogetherWhateverTheirOrder() {
        app.commit("web.js", "hello();\n");
        app.git("branch", "aaa");
        app.git("tag", "-a", "-m", "one", "v1");

        assertThat(app.attempt("push", "flynn", "v1", "master", "aaa").status()).isZero();

        assertThat(app.git("ls-remote", "flynn")).contains("refs/heads/aaa", "refs/heads/master", "refs/tags/v1");
        assertThat(controller.builds).hasSize(1);
    }

    @Test
    void deletingMasterIsRefused() {
        app.commit("web.js", "hello();\n");
        push();

        Checkout.Result refused = app.attempt("push", "flynn", ":master");

        assertThat(refused.status()).isNotZero();
        assertThat(refused.plain()).contains("The master branch cannot be deleted", "flynn delete");
        assertThat(master()).hasSize(40);
    }

    @Test
    void historyThatWasRewrittenNeedsForceAndIsDeployedWithIt() {
        app.commit("web.js", "hello();\n");
        push();
        app.git("commit", "-q", "--amend", "-m", "other");

        assertThat(push().status()).isNotZero();
        assertThat(app.attempt("push", "-f", "flynn", "master").status()).isZero();

        assertThat(master()).isEqualTo(app.git("rev-parse", "HEAD").strip());
        assertThat(controller.deployed).hasSize(2);
    }

    @Test
    void submodulesAreLeftOutWithAWarning() throws Exception {
        Checkout library = new Checkout(directory.resolve("library"));
        library.commit("lib.js", "lib();\n");
        app.git(
                "-c",
                "protocol.file.allow=always",
                "submodule",
                "--quiet",
                "add",
                library.directory().toString(),
                "lib");
        app.commit();

        Checkout.Result push = push();

        assertThat(push.status()).as("%s", push).isZero();
        assertThat(push.plain()).contains("Submodule lib is left out");
        assertThat(controller.builds.get(0).source()).containsOnlyKeys(".gitmodules");
    }

    @Test
    void pushesToOneAppComeOneAfterTheOther() throws Exception {
        var go = new CountDownLatch(1);
        controller.program = build -> {
            assertThat(go.await(30, TimeUnit.SECONDS)).isTrue();
            return FakeBuild.SUCCESS.run(build);
        };
        app.commit("web.js", "hello();\n");
        Checkout other = checkout("other");
        String last = other.commit("web.js", "other();\n");

        Process first = app.start("push", "flynn", "master");
        await().until(() -> controller.builds.size() == 1);
        Process second = other.start("push", "flynn", "master");
        var reader = second.inputReader();
        String waiting = reader.readLine();
        assertThat(waiting).contains("-----> Waiting for another push to this app to finish...");
        assertThat(controller.builds).hasSize(1);
        go.countDown();

        assertThat(Checkout.finish(first).status()).isZero();
        var rest = new java.io.StringWriter();
        reader.transferTo(rest);
        assertThat(second.waitFor()).as(rest.toString()).isZero();
        assertThat(rest.toString()).contains("takes its place");
        assertThat(controller.builds).hasSize(2);
        assertThat(master()).isEqualTo(last);
    }

    @Test
    void aPushThatIsBrokenOffEndsItsBuildAndLetsTheNextOneIn() throws Exception {
        var ended = new CountDownLatch(1);
        controller.program = build -> {
            assertThat(build.killed.await(30, TimeUnit.SECONDS)).isTrue();
            ended.countDown();
            return 0;
        };
        app.commit("web.js", "hello();\n");
        Process push = app.start("push", "flynn", "master");
        await().until(() -> controller.builds.size() == 1);
        assertThat(controller.builds.get(0).begun.await(20, TimeUnit.SECONDS)).isTrue();

        push.descendants().forEach(ProcessHandle::destroyForcibly);
        push.destroyForcibly();

        assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
        controller.program = FakeBuild.SUCCESS;
        await().atMost(Duration.ofSeconds(20)).until(() -> push().status() == 0);
        assertThat(controller.deployed).hasSize(1);
    }

    @Test
    void stoppingGitreceiveEndsBuildsAndSaysSo() throws Exception {
        controller.program = build -> {
            assertThat(build.killed.await(30, TimeUnit.SECONDS)).isTrue();
            return 0;
        };
        app.commit("web.js", "hello();\n");
        Process push = app.start("push", "flynn", "master");
        await().until(() -> controller.builds.size() == 1);
        assertThat(controller.builds.get(0).begun.await(20, TimeUnit.SECONDS)).isTrue();

        server.close();

        Checkout.Result refused = Checkout.finish(push);
        assertThat(refused.status()).isNotZero();
        assertThat(refused.plain()).contains("gitreceive is being stopped; push again in a moment");
    }

    @Test
    void aBlobstoreThatDoesNotRunIsNamed() {
        server.discovery.removeService("blobstore");
        app.commit("web.js", "hello();\n");

        Checkout.Result refused = push();

        assertThat(refused.status()).isNotZero();
        assertThat(refused.plain()).contains("the service blobstore does not run now; try again");
    }

    @Test
    void aFullDiskRefusesThePushBeforeAnythingIsSent() throws Exception {
        server.close();
        server = new GitServer(directory, Map.of("DISK_RESERVE_BYTES", String.valueOf(Long.MAX_VALUE)));
        Checkout full = checkout("full");
        full.commit("web.js", "hello();\n");

        Checkout.Result refused = full.attempt("push", "flynn", "master");

        assertThat(refused.status()).isNotZero();
        assertThat(refused.plain()).contains("push refused", "reserved for the platform", "free some space");
        assertThat(server.controller.builds).isEmpty();
    }

    @Test
    void buildsGetTheKeyForPrivateRepositories() throws Exception {
        server.close();
        server = new GitServer(directory, Map.of("SSH_CLIENT_KEY", "key", "SSH_CLIENT_HOSTS", ""));
        Checkout keyed = checkout("keyed");
        keyed.commit("web.js", "hello();\n");

        assertThat(keyed.attempt("push", "flynn", "master").status()).isZero();

        assertThat(server.controller.builds.get(0).job.env())
                .containsEntry("SSH_CLIENT_KEY", "key")
                .doesNotContainKeys("SSH_CLIENT_HOSTS", "CONTROLLER_KEY");
    }

    @Test
    void bigPushesAndBigFetchesGoThrough() throws Exception {
        byte[] noise = new byte[6_000_000];
        new Random(42).nextBytes(noise);
        Files.write(app.directory().resolve("noise"), noise);
        app.commit();
        for (int i = 0; i < 60; i++) {
            app.git("tag", "tag-" + i);
            app.commit("file", String.valueOf(i));
        }

        assertThat(app.attempt("push", "--tags", "flynn", "master").status()).isZero();

        for (String version : List.of("0", "2")) {
            app.git("-c", "protocol.version=" + version, "clone", "-q", server.url(), "../clone-" + version);
            assertThat(directory.resolve("clone-" + version + "/noise")).hasBinaryContent(noise);
        }
        var clone = new Checkout(directory.resolve("clone-0"));
        app.commit("more", "more\n");
        assertThat(push().status()).isZero();
        // many haves make git compress its request
        clone.git("-c", "protocol.version=0", "fetch", "-q", server.url(), "master");
        assertThat(clone.git("rev-parse", "FETCH_HEAD").strip()).isEqualTo(master());
    }

    @Test
    void whatWasPushedIsThereAfterARestartAndAnAppOfAnotherIdBeginsEmpty() throws Exception {
        String commit = app.commit("web.js", "hello();\n");
        push();
        server.close();

        server = new GitServer(directory, Map.of());
        app.git("remote", "set-url", "flynn", server.url());

        assertThat(app.git("ls-remote", "flynn")).isEmpty();
        Path repository = directory.resolve("repos/" + controller.app.id() + ".git");
        String inIt = "--git-dir=" + repository;
        assertThat(app.git(inIt, "rev-parse", "master").strip()).endsWith(commit);
        assertThat(app.git(inIt, "config", "core.fsyncRefFiles").strip()).isEqualTo("true");
        app.git(inIt, "fsck", "--strict");
    }
}
