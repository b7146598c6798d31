package dev.flynn.git;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.id.AppId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.eclipse.jgit.lib.Repository;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RepositoriesTest {

    @TempDir
    Path directory;

    @Test
    void aNewRepositoryIsBareAndItsHeadIsMasterWhateverTheUserConfigures() throws IOException {
        try (Repository repository = new Repositories(directory).open(AppId.random())) {
            assertThat(repository.isBare()).isTrue();
            assertThat(repository.getFullBranch()).isEqualTo("refs/heads/master");
            assertThat(repository.getConfig().getBoolean("core", "fsyncObjectFiles", false))
                    .isTrue();
        }
    }

    @Test
    void whatACrashLeftOfACreationIsGoneAndTheRepositoryIsMade() throws IOException {
        AppId app = AppId.random();
        Path half = Files.createDirectories(directory.resolve(app + ".git.new"));
        Files.writeString(half.resolve("HEAD"), "");

        try (Repository repository = new Repositories(directory).open(app)) {
            assertThat(half).doesNotExist();
            assertThat(repository.exactRef("HEAD")).isNotNull();
        }
    }

    @Test
    void theSweepDeletesWhatBelongsToNoAppAndSparesThoseThatArePushedTo() throws Exception {
        var repositories = new Repositories(directory);
        var discovery = new FakeDiscovery();
        discovery.register("controller", Instance.of("tcp", "127.0.0.1:9", Map.of()));
        var controller = new FakeController(discovery);
        AppId known = controller.app.id();
        AppId deleted = AppId.random();
        AppId busy = AppId.random();
        for (AppId app : new AppId[] {known, deleted, busy}) {
            repositories.open(app).close();
        }
        var sweep = new RepositorySweep(
                repositories,
                new ClusterServices(discovery, "127.0.0.1", GitServer.KEY, (url, key, onBehalfOf) -> controller));

        // a lock of another thread, as a push is
        var taken = new CountDownLatch(1);
        var swept = new CountDownLatch(1);
        CompletableFuture<Void> push = CompletableFuture.runAsync(() -> {
            repositories.turn(busy).lock();
            taken.countDown();
            try {
                swept.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                repositories.turn(busy).unlock();
            }
        });
        taken.await();
        sweep.sweep();
        swept.countDown();
        push.join();

        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left)
                    .containsExactlyInAnyOrder(directory.resolve(known + ".git"), directory.resolve(busy + ".git"));
        }
        sweep.close();
    }

    @Test
    void nothingIsDeletedWhileTheControllerCannotBeAsked() throws IOException {
        var repositories = new Repositories(directory);
        AppId app = AppId.random();
        repositories.open(app).close();
        var sweep = new RepositorySweep(
                repositories,
                new ClusterServices(new FakeDiscovery(), "127.0.0.1", GitServer.KEY, (url, key, onBehalfOf) -> {
                    throw new AssertionError();
                }));

        sweep.sweep();

        assertThat(directory.resolve(app + ".git")).exists();
        sweep.close();
    }
}
