package dev.flynn.git;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.discovery.Instance;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two hosts of a cluster, a disk each. */
@Timeout(90)
class RepositoryBundlesTest {

    @TempDir
    Path directory;

    private GitServer first;
    private GitServer second;
    private Checkout app;

    @BeforeEach
    void start() throws Exception {
        first = new GitServer(directory.resolve("first"), Map.of());
        second = GitServer.beside(first, directory.resolve("second"));
        app = new Checkout(directory.resolve("app"));
        app.git("remote", "add", "first", first.url());
        app.git("remote", "add", "second", second.url());
        app.commit("web.js", "one();\n");
    }

    @AfterEach
    void stop() throws Exception {
        second.close();
        first.close();
    }

    private String bundle() {
        return RepositoryBundles.path(first.controller.app.id());
    }

    private String refs(String remote) {
        return app.git("ls-remote", remote);
    }

    @Test
    void whatWasPushedToOneHostIsThereOnAnother() {
        app.git("tag", "v1");
        app.git("push", "first", "master", "v1");

        assertThat(refs("second")).isEqualTo(refs("first")).contains("refs/heads/master", "refs/tags/v1");
        Path clone = directory.resolve("clone");
        app.git("clone", "--quiet", second.url(), clone.toString());
        assertThat(clone.resolve("web.js")).hasContent("one();");
    }

    @Test
    void hostsTakePushesInTurn() {
        app.git("push", "first", "master");
        app.commit("web.js", "two();\n");
        app.git("push", "second", "master");
        app.commit("web.js", "three();\n");
        Checkout.Result third = app.attempt("push", "first", "master");

        assertThat(third.status()).as("%s", third).isZero();
        assertThat(refs("first"))
                .isEqualTo(refs("second"))
                .contains(app.git("rev-parse", "master").strip());
        assertThat(first.controller.builds).hasSize(3);
    }

    @Test
    void branchesAndTagsThatGoAreGoneEverywhere() {
        app.git("tag", "v1");
        app.git("push", "first", "master", "v1", "master:refs/heads/old");
        assertThat(refs("second")).contains("v1", "old");

        app.commit("web.js", "two();\n");
        app.git("push", "first", "master", ":v1", ":old");

        assertThat(refs("second")).isEqualTo(refs("first")).doesNotContain("v1", "old");
    }

    @Test
    void aBundleIsWhatGitCallsOne() throws Exception {
        app.git("push", "first", "master");
        Path file = directory.resolve("shop.bundle");
        Files.write(file, first.blobs.content(bundle()));

        assertThat(app.attempt("bundle", "verify", file.toString()).status()).isZero();
        assertThat(app.git("bundle", "list-heads", file.toString())).contains("refs/heads/master");
    }

    @Test
    void aPushThatCannotBeStoredIsRefusedAndPushedAgain() {
        first.controller.duringDeployment = () -> first.blobs.failure = 503;

        Checkout.Result refused = app.attempt("push", "first", "master");

        assertThat(refused.status()).isNotZero();
        assertThat(refused.plain())
                .contains("The app was deployed, but the commit could not be stored", "the blobstore answered 503");
        first.blobs.failure = 0;
        first.controller.duringDeployment = () -> {};
        assertThat(refs("first")).isEmpty();
        assertThat(app.attempt("push", "first", "master").status()).isZero();
        assertThat(refs("second")).contains("refs/heads/master");
    }

    @Test
    void ofTwoHostsThatTakeAPushAtOnceTheLaterHasToBePushedAgain() {
        app.git("push", "first", "master");
        app.commit("web.js", "two();\n");
        // the other host finishes a push of its own between this one's build and its end
        first.controller.duringDeployment = () -> first.blobs.put(bundle(), first.blobs.content(bundle()));

        Checkout.Result late = app.attempt("push", "first", "master");

        assertThat(late.status()).isNotZero();
        assertThat(late.plain())
                .contains("another push to this app was finished on another host meanwhile; push again");
        first.controller.duringDeployment = () -> {};
        Checkout.Result again = app.attempt("push", "first", "master");
        assertThat(again.status()).as("%s", again).isZero();
    }

    @Test
    void aBlobstoreOnAHostThatDiedIsPassedOver() {
        first.discovery.removeService("blobstore");
        first.discovery.register("blobstore", Instance.of("tcp", "127.0.0.1:1", Map.of()));
        first.discovery.register("blobstore", Instance.of("tcp", first.blobs.address(), Map.of()));

        assertThat(app.attempt("push", "first", "master").status()).isZero();
    }

    @Test
    void nothingOldIsServedWhileTheBlobstoreCannotBeAsked() {
        app.git("push", "first", "master");
        first.blobs.failure = 500;

        Checkout.Result fetch = app.attempt("ls-remote", "first");

        assertThat(fetch.status()).isNotZero();
        assertThat(fetch.plain()).contains("503");
    }

    @Test
    void aRepositoryFromBeforeThereWereBundlesIsKept() {
        app.git("push", "first", "master");
        app.git("tag", "v1");
        first.blobs.remove(bundle());

        assertThat(refs("first")).contains("refs/heads/master");
        app.commit("web.js", "two();\n");
        Checkout.Result push = app.attempt("push", "first", "master");
        assertThat(push.status()).as("%s", push).isZero();
        assertThat(refs("second")).isEqualTo(refs("first"));
    }
}
