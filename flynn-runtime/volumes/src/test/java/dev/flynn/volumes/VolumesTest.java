package dev.flynn.volumes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.VolumeBinding;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.VolumeRecord;
import dev.flynn.store.MemoryClusterStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
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
        VolumeRecord target = elsewhere.create();
        elsewhere.receive(target.id(), snapshot, new ByteArrayInputStream(stream.toByteArray()));

        assertThat(elsewhere.claim(job(app, "db")).resolve("row")).hasContent("1");
        assertThat(elsewhere.list()).hasSize(1);
        assertThat(elsewhere.strays()).isEmpty();
        assertThat(volumes.list()).hasSize(2);
    }

    @Test
    void whatDoesNotComeWholeChangesNothing() throws IOException {
        VolumeRecord volume = volumes.create();
        VolumeRecord snapshot = volumes.snapshot(volume.id());
        VolumeRecord target = volumes.create();
        Files.writeString(directory.resolve("one").resolve(target.id()).resolve("row"), "mine");

        assertThatThrownBy(() ->
                        volumes.receive(target.id(), snapshot, new ByteArrayInputStream("no archive".getBytes(UTF_8))))
                .isInstanceOf(IOException.class);

        assertThat(directory.resolve("one").resolve(target.id()).resolve("row")).hasContent("mine");
        assertThat(volumes.get(target.id())).isEqualTo(target);
        assertThat(volumes.strays()).isEmpty();
    }

    @Test
    void nothingIsReceivedIntoWhatAJobHas() throws IOException {
        VolumeRecord snapshot = volumes.snapshot(volumes.create().id());
        JobSpec job = job(app, "db");
        volumes.claim(job);
        String held = volumes.list().stream()
                .filter(volume -> volume.holder().isPresent())
                .findFirst()
                .orElseThrow()
                .id();

        assertThatThrownBy(() -> volumes.receive(held, snapshot, InputStream.nullInputStream()))
                .hasMessageContaining(job.id().value());
    }

    @Test
    void onlyASnapshotIsSent() throws IOException {
        VolumeRecord volume = volumes.create();

        assertThatThrownBy(() -> volumes.send(volume.id(), new ByteArrayOutputStream()))
                .hasMessageContaining("is no snapshot");
    }

    @Test
    void whatNoAppOwnsIsToldSnapshotsFirstOnceNoJobHasIt() throws IOException {
        AppId gone = AppId.random();
        JobSpec last = job(gone, "db");
        volumes.claim(last);
        VolumeRecord held = volumes.list().get(0);
        VolumeRecord snapshot = volumes.snapshot(held.id());
        JobSpec kept = job(app, "db");
        volumes.claim(kept);
        volumes.release(kept.id());
        volumes.create();

        assertThat(volumes.unowned()).containsExactly(snapshot);
        volumes.release(last.id());
        assertThat(volumes.unowned()).extracting(VolumeRecord::id).containsExactly(snapshot.id(), held.id());
    }

    @Test
    void aJobWaitsForTheDataOfOneThatIsOver() throws IOException {
        JobSpec first = job(app, "db");
        state.jobs().create(JobRecord.pending(first, 0, state.clock().instant()));
        Path data = volumes.claim(first);
        state.jobs()
                .update(first.id(), job -> job.withStopRequested(state.clock().instant()));

        CompletableFuture<Path> next = CompletableFuture.supplyAsync(() -> claim(job(app, "db")));
        assertThat(next).isNotDone();
        assertThat(volumes.list()).hasSize(1);
        volumes.release(first.id());

        assertThat(next).succeedsWithin(Duration.ofSeconds(20)).isEqualTo(data);
    }

    @Test
    void whoseDataIsNotLetGoOfStartsNoJobWithoutIt() throws IOException {
        JobSpec first = job(app, "db");
        state.jobs().create(JobRecord.pending(first, 0, state.clock().instant()));
        volumes = new Volumes("one", state, new DirectoryVolumes(directory.resolve("one")), Duration.ofMillis(10));
        volumes.claim(first);
        state.jobs().update(first.id(), job -> job.lost("gone", state.clock().instant()));

        assertThatThrownBy(() -> volumes.claim(job(app, "db")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(first.id().value());
        assertThat(volumes.list()).hasSize(1);
    }

    @Test
    void aJobHasTheVolumesThatItNamesAlone() throws IOException {
        VolumeRecord volume = volumes.create();
        var binding = new VolumeBinding(volume.id(), "/shared", true);
        JobSpec first = job(app, "web");

        Path bound = volumes.bind(first.id(), binding);
        assertThat(volumes.bind(first.id(), binding)).isEqualTo(bound);
        JobSpec second = job(app, "web");
        assertThatThrownBy(() -> volumes.bind(second.id(), binding))
                .hasMessageContaining(first.id().value());
        volumes.release(first.id());

        assertThat(volumes.bind(second.id(), binding)).isEqualTo(bound);
    }

    @Test
    void aVolumeThatIsNotThereIsNamed() {
        var binding = new VolumeBinding("nowhere", "/shared", true);

        assertThatThrownBy(() -> volumes.bind(JobId.random("one"), binding))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("nowhere");
    }

    @Test
    void aSnapshotIsNotBoundForWriting() throws IOException {
        VolumeRecord snapshot = volumes.snapshot(volumes.create().id());

        assertThatThrownBy(() -> volumes.bind(JobId.random("one"), new VolumeBinding(snapshot.id(), "/shared", true)))
                .hasMessageContaining("snapshot");
        assertThat(volumes.bind(JobId.random("one"), new VolumeBinding(snapshot.id(), "/shared", false)))
                .exists();
    }

    @Test
    void onlyVolumesOfOtherHostsAreGivenUp() throws IOException {
        VolumeRecord own = volumes.create();
        VolumeRecord other = volumesOf("two").create();

        volumes.abandon(other.id());

        assertThat(volumes.listEverywhere()).containsExactly(own);
        assertThatThrownBy(() -> volumes.abandon(own.id())).hasMessageContaining("no other host");
        assertThat(volumesOf("two").strays()).containsExactly(other.id());
    }

    @Test
    void idsThatAreTakenOrNoneAreRefused() throws IOException {
        VolumeRecord volume = volumes.create();

        assertThatThrownBy(() -> volumes.create(volume.id(), Map.of())).hasMessageContaining(volume.id());
        assertThatThrownBy(() -> volumes.create("../../etc", Map.of())).hasMessageContaining("UUID");
    }

    @Test
    void filesWithoutARecordAreListedAndLeftAlone() throws IOException {
        Path stray = Files.createDirectory(directory.resolve("one/left-over"));

        assertThat(volumes.unowned()).isEmpty();

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
