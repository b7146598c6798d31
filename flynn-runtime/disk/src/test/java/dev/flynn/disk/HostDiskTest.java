package dev.flynn.disk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.host.Host;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.VolumeBinding;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.disk.Item.Worth;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.VolumeRecord;
import dev.flynn.store.MemoryClusterStore;
import dev.flynn.volumes.DirectoryVolumes;
import dev.flynn.volumes.Volumes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HostDiskTest {

    private static final String HOST = "host1";
    private static final long RESERVE = 1000;

    private final SteppedClock clock = new SteppedClock();
    private final MemoryClusterStore store = new MemoryClusterStore();
    private final ClusterState state = new ClusterState(store, new FlynnJson(), clock);
    private final AtomicLong usable = new AtomicLong(10_000);
    private final AppId shop = AppId.random();
    private final AppId gone = AppId.random();

    @TempDir
    Path directory;

    private Volumes volumes;
    private Path logs;

    @BeforeEach
    void prepare() throws IOException {
        volumes = new Volumes(HOST, state, new DirectoryVolumes(directory.resolve("volumes")));
        logs = Files.createDirectory(directory.resolve("log"));
        Transaction.Builder transaction = Transaction.builder();
        state.hosts().create(transaction, HOST, new Host(HOST, "http://127.0.0.1:1113", Map.of()));
        state.apps()
                .create(
                        transaction,
                        shop.toString(),
                        new App(
                                shop,
                                "shop",
                                Map.of(),
                                Strategy.ALL_AT_ONCE,
                                Optional.empty(),
                                App.DEFAULT_DEPLOY_TIMEOUT,
                                false,
                                clock.instant(),
                                clock.instant()));
        state.commit(transaction);
    }

    @AfterEach
    void close() {
        store.close();
    }

    // ---- the reserve

    @Test
    void belowTheReserveJobsAreRefusedUntilThereIsClearlyMore() {
        HostDisk disk = disk();
        disk.look();
        assertThat(disk.refusal()).isEmpty();

        usable.set(RESERVE - 1);
        disk.look();
        assertThat(disk.refusal())
                .hasValueSatisfying(reason -> assertThat(reason).contains(HOST, "flynn-host disk"));
        assertThat(state.hosts().get(HOST).value().full()).isTrue();

        usable.set(RESERVE + 1);
        disk.look();
        assertThat(disk.refusal()).isPresent();

        usable.set(2 * RESERVE);
        disk.look();
        assertThat(disk.refusal()).isEmpty();
        assertThat(state.hosts().get(HOST).value().full()).isFalse();
    }

    @Test
    void whatCanBeHadAgainGoesBeforeJobsAreRefused() {
        var cache = new PlayedShelf();
        cache.items.add(new Item("played", "old", Optional.empty(), 2000, clock.instant(), Worth.CACHE));
        HostDisk disk = builder().shelf(cache).build();
        usable.set(RESERVE - 1);

        disk.look();

        assertThat(cache.deleted).containsExactly("old");
        assertThat(disk.refusal()).isEmpty();
    }

    @Test
    void aQuietHostIsLookedThroughEveryTenMinutesOnly() {
        var cache = new PlayedShelf();
        HostDisk disk = builder().shelf(cache).build();

        disk.look();
        clock.pass(Duration.ofMinutes(9));
        disk.look();
        assertThat(cache.looks).isZero();

        clock.pass(Duration.ofMinutes(1));
        disk.look();
        assertThat(cache.looks).isEqualTo(1);
    }

    @Test
    void theTroubleOfOneKindIsNotThatOfTheOthers() {
        var broken = new PlayedShelf() {
            @Override
            public List<Item> items() throws IOException {
                throw new IOException("broken");
            }

            @Override
            public String name() {
                return "broken";
            }
        };
        var cache = new PlayedShelf();
        cache.items.add(
                new Item("played", "old", Optional.empty(), 1, clock.instant().minus(Duration.ofDays(9)), Worth.CACHE));

        assertThat(builder().shelf(broken).shelf(cache).build().collect())
                .extracting(Item::id)
                .containsExactly("old");
    }

    // ---- shelves

    @Test
    void volumesOfAppsThatAreGoneGoAfterTheTimeOfGrace() throws IOException {
        JobSpec ofShop = job(shop);
        JobSpec last = job(gone);
        volumes.claim(ofShop);
        volumes.release(ofShop.id());
        volumes.claim(last);
        HostDisk disk = disk();

        clock.pass(Duration.ofDays(30));
        assertThat(disk.collect()).isEmpty(); // its job still has it
        volumes.release(last.id());
        clock.pass(Duration.ofDays(6));
        assertThat(disk.collect()).isEmpty();
        clock.pass(Duration.ofDays(2));

        assertThat(disk.collect())
                .singleElement()
                .satisfies(item -> assertThat(item.app()).contains(gone));
        assertThat(volumes.list())
                .singleElement()
                .satisfies(volume -> assertThat(volume.app()).contains(shop));
    }

    @Test
    void anOperatorsVolumesStay() throws IOException {
        VolumeRecord own = volumes.create();
        volumes.snapshot(own.id());
        HostDisk disk = disk();
        usable.set(0);
        clock.pass(Duration.ofDays(1000));

        assertThat(disk.collect()).isEmpty();
    }

    @Test
    void logsOfAppsThatAreGoneGo() throws IOException {
        Path kept = log(shop + ".log", Duration.ofDays(100));
        Path old = log(gone + "-2029-01-01T00-00-00.000.log", Duration.ofDays(8));
        Path young = log(gone + ".log", Duration.ofDays(1));
        Path ofNoApp = log(".log", Duration.ofDays(100));
        HostDisk disk = disk();

        disk.collect();
        assertThat(old).doesNotExist();
        assertThat(young).exists();

        usable.set(0);
        disk.collect();
        assertThat(young).doesNotExist();
        assertThat(kept).exists();
        assertThat(ofNoApp).exists();
    }

    @Test
    void recordsOfJobsOfAppsThatAreGoneAndOfVolumesOfHostsThatLeftGo() throws IOException {
        JobSpec over = job(gone);
        JobSpec runs = job(gone);
        JobSpec kept = job(shop);
        for (JobSpec spec : List.of(over, runs, kept)) {
            state.jobs().create(JobRecord.pending(spec, 0, clock.instant()));
        }
        for (JobSpec spec : List.of(over, kept)) {
            state.jobs().update(spec.id(), job -> job.lost("over", clock.instant()));
        }
        VolumeRecord left = new Volumes("host9", state, new DirectoryVolumes(directory.resolve("host9"))).create();
        HostDisk disk = disk();
        clock.pass(Duration.ofDays(8));

        disk.collect();

        assertThat(state.jobs().find(over.id())).isEmpty();
        assertThat(state.jobs().find(runs.id())).isPresent();
        assertThat(state.jobs().find(kept.id())).isPresent();
        assertThat(state.volumes().find(left.recordId())).isEmpty();
    }

    // ---- telling

    @Test
    void theReportTellsWhoUsesWhatAndWhatCouldGo() throws IOException {
        JobId user = JobId.random(HOST);
        VolumeRecord own = volumes.create();
        Files.write(
                volumes.bind(user, new VolumeBinding(own.id(), "/data", true)).resolve("file"), new byte[50_000]);
        volumes.claim(job(shop));
        Files.write(log(gone + ".log", Duration.ZERO), new byte[700]);
        Files.write(Files.createDirectories(directory.resolve("store")).resolve("log"), new byte[3000]);
        Files.createDirectory(directory.resolve("volumes/left-over"));

        DiskReport report = disk().report();

        assertThat(report.hostId()).isEqualTo(HOST);
        assertThat(report.usableBytes()).isEqualTo(10_000);
        assertThat(report.reserveBytes()).isEqualTo(RESERVE);
        assertThat(report.uses())
                .extracting(DiskReport.Use::what)
                .containsExactlyInAnyOrder("volumes", "logs", "records", "store");
        assertThat(use(report, "volumes").count()).isEqualTo(2);
        assertThat(use(report, "volumes").bytes()).isGreaterThanOrEqualTo(50_000);
        assertThat(use(report, "volumes").freeableBytes()).isZero();
        assertThat(use(report, "logs").freeableBytes()).isEqualTo(700);
        assertThat(use(report, "store").bytes()).isEqualTo(3000);
        assertThat(report.apps()).extracting(DiskReport.AppUse::name).containsExactlyInAnyOrder("shop", "");
        assertThat(report.strays()).containsExactly("left-over");
    }

    private static DiskReport.Use use(DiskReport report, String what) {
        return report.uses().stream()
                .filter(use -> use.what().equals(what))
                .findFirst()
                .orElseThrow();
    }

    private HostDisk.Builder builder() {
        return HostDisk.builder(HOST, directory, state, GarbagePolicy.withReserve(RESERVE))
                .usable(usable::get);
    }

    private HostDisk disk() {
        return builder()
                .shelf(new VolumeShelf(volumes))
                .shelf(new LogShelf(logs, state))
                .shelf(new RecordShelf(HOST, state))
                .other("store", directory.resolve("store"))
                .build();
    }

    private Path log(String name, Duration age) throws IOException {
        Path file = Files.writeString(logs.resolve(name), "a line");
        Files.setLastModifiedTime(file, FileTime.from(clock.instant().minus(age)));
        return file;
    }

    private static JobSpec job(AppId app) {
        return JobSpec.builder(JobId.random(HOST), new JobSpec.Image("host", "host:slugrunner"))
                .metadata(Map.of(JobSpec.META_APP, app.toString(), JobSpec.META_TYPE, "db"))
                .data(true)
                .build();
    }

    private class PlayedShelf implements Shelf {

        final List<Item> items = new ArrayList<>();
        final List<String> deleted = new ArrayList<>();
        int looks;

        @Override
        public String name() {
            return "played";
        }

        @Override
        public List<Item> items() throws IOException {
            looks++;
            return items;
        }

        @Override
        public boolean delete(Item item) {
            deleted.add(item.id());
            usable.addAndGet(item.bytes());
            return true;
        }
    }

    private static final class SteppedClock extends Clock {

        private Instant now = Instant.parse("2030-01-01T00:00:00Z");

        void pass(Duration time) {
            now = now.plus(time);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
