package dev.flynn.volumes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.VolumeRecord;
import dev.flynn.store.MemoryClusterStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class VolumesTest {

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final ClusterState state = new ClusterState(store, new FlynnJson(), Clock.systemUTC());
    private final AppId app = AppId.random();

    @TempDir
    Path directory;

    private Volumes volumes;

    @BeforeEach
    void open() throws IOException {
        volumes = volumesOf("one");
        createApp(app);
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void theSuccessorOfAJobGetsItsFiles() throws IOException {
        JobSpec first = job(app, "db");
        Files.writeString(volumes.claim(first).resolve("row"), "1");
        volumes.release(first.id());

        JobSpec second = job(app, "db");

        assertThat(volumes.claim(second).resolve("row")).hasContent("1");
        assertThat(volumes.list())
                .singleElement()
                .satisfies(volume -> assertThat(volume.holder()).contains(second.id()));
    }

    @Test
    void askedAgainForTheSameJobTheAnswerIsTheSame() throws IOException {
        JobSpec job = job(app, "db");

        assertThat(volumes.claim(job)).isEqualTo(volumes.claim(job));
        assertThat(volumes.list()).hasSize(1);
    }

    @Test
    void noTwoJobsHaveOneVolume() throws IOException {
        Path inUse = volumes.claim(job(app, "db"));

        assertThat(volumes.claim(job(app, "db"))).isNotEqualTo(inUse);
    }

    @Test
    void jobsThatStartAtOnceHaveVolumesOfTheirOwn() throws IOException {
        List<JobSpec> before = jobs(4);
        for (JobSpec job : before) {
            volumes.claim(job);
        }
        before.forEach(job -> volumes.release(job.id()));

        List<CompletableFuture<Path>> claims = jobs(8).stream()
                .map(job -> CompletableFuture.supplyAsync(() -> claim(job)))
                .toList();

        Set<Path> claimed = new HashSet<>();
        claims.forEach(claim -> claimed.add(claim.join()));
        assertThat(claimed).hasSize(8);
        assertThat(volumes.list()).hasSize(8);
    }

    @Test
    void volumesAreNotForOtherAppsOrTypes() throws IOException {
        JobSpec first = job(app, "db");
        Path files = volumes.claim(first);
        volumes.release(first.id());

        assertThat(volumes.claim(job(app, "cache"))).isNotEqualTo(files);
        assertThat(volumes.claim(job(AppId.random(), "db"))).isNotEqualTo(files);
    }

    @Test
    void theVolumeThatWasUsedLastComesFirst() throws IOException {
        JobSpec first = job(app, "db");
        JobSpec second = job(app, "db");
        volumes.claim(first);
        Path later = volumes.claim(second);
        volumes.release(first.id());
        volumes.release(second.id());

        assertThat(volumes.claim(job(app, "db"))).isEqualTo(later);
    }

    @Test
    void afterARestartWhatNoLivingJobHasIsFree() throws IOException {
        JobSpec living = job(app, "db");
        JobSpec dead = job(app, "db");
        volumes.claim(living);
        Path left = volumes.claim(dead);

        volumes = volumesOf("one");
        volumes.retain(List.of(living.id()));

        assertThat(volumes.claim(job(app, "db"))).isEqualTo(left);
    }

    @Test
    void aVolumeWhoseFilesAreGoneStartsNoJobWithAnEmptyOne() throws IOException {
        JobSpec first = job(app, "db");
        Files.delete(volumes.claim(first));
        volumes.release(first.id());

        assertThatThrownBy(() -> volumes.claim(job(app, "db")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not in")
                .hasMessageContaining("flynn-host volume delete");
    }

    @Test
    void whatAJobHasIsNotDeleted() throws IOException {
        JobSpec job = job(app, "db");
        volumes.claim(job);
        String id = volumes.list().get(0).id();

        var refusal = catchThrowableOfType(FlynnException.class, () -> volumes.delete(id));

        assertThat(refusal.code()).isEqualTo(ErrorCode.CONFLICT);
        assertThat(refusal).hasMessageContaining(job.id().value());
    }

    @Test
    void aVolumeIsNotDeletedBeforeItsSnapshots() throws IOException {
        VolumeRecord volume = volumes.create();
        VolumeRecord snapshot = volumes.snapshot(volume.id());

        assertThatThrownBy(() -> volumes.delete(volume.id())).hasMessageContaining(snapshot.id());
        volumes.delete(snapshot.id());
        volumes.delete(volume.id());

        assertThat(volumes.list()).isEmpty();
        assertThat(volumes.strays()).isEmpty();
    }

    @Test
    void aSnapshotIsNoVolumeForAJob() throws IOException {
        JobSpec first = job(app, "db");
        Path files = volumes.claim(first);
        volumes.snapshot(volumes.list().get(0).id());

        Path second = volumes.claim(job(app, "db"));

        assertThat(second).isNotEqualTo(files).isEmptyDirectory();
        assertThat(volumes.list()).hasSize(3);
    }

    @Test
    void aVolumeMovesToAnotherHost() throws IOException {
        JobSpec first = job(app, "db");
        Files.writeString(volumes.claim(first).resolve("row"), "1");
        volumes.release(first.id());
        VolumeRecord snapshot = volumes.snapshot(volumes.list().get(0).id());
        var stream = new ByteArrayOutputStream();
        volumes.send(snapshot.id(), stream);

        Volumes elsewhere = volumesOf("two");
        elsewhere.receive(snapshot, new ByteArrayInputStream(stream.toByteArray()));

        assertThat(elsewhere.claim(job(app, "db")).resolve("row")).hasContent("1");
        assertThat(volumes.list()).hasSize(2);
    }

    @Test
    void onlyASnapshotIsSent() throws IOException {
        VolumeRecord volume = volumes.create();

        assertThatThrownBy(() -> volumes.send(volume.id(), new ByteArrayOutputStream()))
                .hasMessageContaining("is no snapshot");
    }

    @Test
    void whatNoAppOwnsIsCollectedOnceNoJobHasIt() throws IOException {
        AppId gone = AppId.random();
        JobSpec last = job(gone, "db");
        volumes.claim(last);
        volumes.snapshot(volumes.list().get(0).id());
        JobSpec kept = job(app, "db");
        volumes.claim(kept);
        volumes.release(kept.id());
        VolumeRecord operators = volumes.create();

        assertThat(volumes.collect()).hasSize(1); // the snapshot
        volumes.release(last.id());
        assertThat(volumes.collect()).hasSize(1);

        assertThat(volumes.list())
                .hasSize(2)
                .anySatisfy(volume -> assertThat(volume.app()).contains(app))
                .anySatisfy(volume -> assertThat(volume.id()).isEqualTo(operators.id()));
    }

    @Test
    void filesWithoutARecordAreListedAndLeftAlone() throws IOException {
        Path stray = Files.createDirectory(directory.resolve("one/left-over"));

        volumes.collect();

        assertThat(volumes.strays()).containsExactly("left-over");
        assertThat(stray).exists();
    }

    private Volumes volumesOf(String host) throws IOException {
        return new Volumes(host, state, new DirectoryVolumes(directory.resolve(host)));
    }

    private void createApp(AppId id) {
        Transaction.Builder transaction = Transaction.builder();
        state.apps()
                .create(
                        transaction,
                        id.toString(),
                        new App(
                                id,
                                "shop",
                                Map.of(),
                                Strategy.ALL_AT_ONCE,
                                Optional.empty(),
                                App.DEFAULT_DEPLOY_TIMEOUT,
                                false,
                                state.clock().instant(),
                                state.clock().instant()));
        state.commit(transaction);
    }

    private Path claim(JobSpec job) {
        try {
            return volumes.claim(job);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private List<JobSpec> jobs(int count) {
        return IntStream.range(0, count).mapToObj(i -> job(app, "db")).toList();
    }

    private static JobSpec job(AppId app, String type) {
        return JobSpec.builder(JobId.random("one"), new JobSpec.Image("host", "host:slugrunner"))
                .metadata(Map.of(JobSpec.META_APP, app.toString(), JobSpec.META_TYPE, type))
                .data(true)
                .build();
    }
}
