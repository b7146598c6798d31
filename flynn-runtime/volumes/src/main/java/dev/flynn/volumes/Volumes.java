package dev.flynn.volumes;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.VolumeBinding;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.Ids;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Table;
import dev.flynn.state.Versioned;
import dev.flynn.state.VolumeRecord;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The volumes of one host. A job whose process type has {@code data} gets one of its app and type, alone; when it ends the
 * volume stays, and the next such job on this host gets it, whatever its release.
 *
 * <p>The cluster store says whose a volume is and which job has it; the backend has the files. Files are made before their
 * record and deleted after it, so that no record is without files; files without a record are left alone, and listed as
 * such, because they may be somebody's. Thread-safe.
 */
public final class Volumes {

    private static final Logger log = LoggerFactory.getLogger(Volumes.class);

    /** How long a job waits for the volume of one that is over: longer than a job may take to end. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Duration LOOK = Duration.ofMillis(50);

    private final String hostId;
    private final ClusterState state;
    private final Table<VolumeRecord> table;
    private final VolumeBackend backend;
    private final Duration patience;

    /** Those whose files are being replaced or deleted; no job gets one. */
    private final Set<String> closed = ConcurrentHashMap.newKeySet();

    public Volumes(String hostId, ClusterState state, VolumeBackend backend) {
        this(hostId, state, backend, PATIENCE);
    }

    /** @param patience for jobs that are over and still have their volume */
    Volumes(String hostId, ClusterState state, VolumeBackend backend, Duration patience) {
        this.hostId = hostId;
        this.state = state;
        this.table = state.volumes();
        this.backend = backend;
        this.patience = patience;
    }

    public String hostId() {
        return hostId;
    }

    /** Of what kind they are: {@code directory}, {@code btrfs}. Only hosts of one kind send each other volumes. */
    public String kind() {
        return backend.name();
    }

    // ---- jobs

    /**
     * The directory of the volume of a job: the one it has already, else the last one used that is free, else a new one. A
     * volume whose job is over is waited for until that has let go of it, so that no job begins without the data that is there.
     *
     * @throws IOException if the files cannot be made, or the data is there and cannot be had
     */
    public Path claim(JobSpec job) throws IOException {
        Optional<AppId> app =
                Optional.ofNullable(job.metadata().get(JobSpec.META_APP)).map(AppId::of);
        Optional<String> type = Optional.ofNullable(job.metadata().get(JobSpec.META_TYPE));
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            List<Versioned<VolumeRecord>> ofType = records().stream()
                    .filter(volume -> volume.value().app().equals(app)
                            && volume.value().processType().equals(type)
                            && !volume.value().isSnapshot()
                            && (volume.value().decommissionedAt().isEmpty()
                                    || volume.value().holder().equals(Optional.of(job.id()))))
                    .toList();
            Optional<Versioned<VolumeRecord>> held = ofType.stream()
                    .filter(volume -> volume.value().holder().equals(Optional.of(job.id())))
                    .findFirst();
            if (held.isPresent()) {
                return files(held.get().value());
            }
            Optional<Versioned<VolumeRecord>> awaited =
                    ofType.stream().filter(this::isAboutToBeFree).findFirst();
            Optional<Versioned<VolumeRecord>> free = ofType.stream()
                    .filter(volume -> volume.value().isFree()
                            && !closed.contains(volume.value().id()))
                    .max(Comparator.comparing(volume -> volume.value().usedAt()));
            if (awaited.isPresent()) {
                await(awaited.get().value(), deadline);
            } else if (free.isEmpty()) {
                return files(create(
                        app,
                        type,
                        Optional.of(job.id()),
                        Map.of(),
                        UUID.randomUUID().toString()));
            } else {
                Optional<VolumeRecord> taken =
                        replace(free.get(), free.get().value().heldBy(job.id(), now()));
                if (taken.isPresent()) {
                    return files(taken.get());
                }
            }
        }
    }

    /** Its data is the newest, and its job is over but for the clearing up. */
    private boolean isAboutToBeFree(Versioned<VolumeRecord> volume) {
        return closed.contains(volume.value().id())
                || volume.value()
                        .holder()
                        .flatMap(state.jobs()::find)
                        .filter(job ->
                                job.state() == JobState.DOWN || job.state() == JobState.STOPPING || job.stopRequested())
                        .isPresent();
    }

    private static void await(VolumeRecord volume, long deadline) throws IOException {
        if (System.nanoTime() - deadline > 0) {
            throw new IOException("volume %s with the data of this type is still held by job %s, which is over"
                    .formatted(volume.id(), volume.holder().map(JobId::value).orElse("of an operator")));
        }
        try {
            TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for volume " + volume.id(), e);
        }
    }

    /**
     * The directory of a volume that a job names.
     *
     * @throws IOException if there is no such volume, another job has it, or it may not be written to
     */
    public Path bind(JobId job, VolumeBinding binding) throws IOException {
        while (true) {
            Versioned<VolumeRecord> volume = table.find(key(binding.volume()))
                    .orElseThrow(() -> new IOException("host %s has no volume %s".formatted(hostId, binding.volume())));
            VolumeRecord record = volume.value();
            if (record.holder().equals(Optional.of(job))) {
                return files(record);
            }
            if (record.isSnapshot() && binding.writeable()) {
                throw new IOException("volume %s is a snapshot, which is never written to".formatted(record.id()));
            }
            if (record.holder().isPresent() || closed.contains(record.id())) {
                throw new IOException("volume %s is in use by %s"
                        .formatted(
                                record.id(),
                                record.holder().map(holder -> "job " + holder).orElse("an operator")));
            }
            Optional<VolumeRecord> taken = replace(volume, record.heldBy(job, now()));
            if (taken.isPresent()) {
                return files(taken.get());
            }
        }
    }

    private Path files(VolumeRecord volume) throws IOException {
        if (!backend.exists(volume.id())) {
            throw new IOException(
                    ("the files of volume %s are not in %s any more; bring them back, or give up their data "
                                    + "with: flynn-host volume delete %s")
                            .formatted(volume.id(), backend.path(volume.id()), volume.id()));
        }
        return backend.path(volume.id());
    }

    /** A job is down: its volumes are for the next one. Unknown jobs are fine. */
    public void release(JobId job) {
        records().stream()
                .filter(volume -> volume.value().holder().equals(Optional.of(job)))
                .forEach(this::free);
    }

    /** After a restart: what is held by none of these jobs is free. */
    public void retain(Collection<JobId> living) {
        records().stream()
                .filter(volume -> volume.value()
                        .holder()
                        .map(job -> !living.contains(job))
                        .orElse(false))
                .forEach(this::free);
    }

    private void free(Versioned<VolumeRecord> volume) {
        update(
                volume.value().id(),
                record -> record.holder().equals(volume.value().holder())
                        ? Optional.of(record.freed(now()))
                        : Optional.empty());
    }

    // ---- operators

    /** One for an operator's own use, with no app. */
    public VolumeRecord create() throws IOException {
        return create(UUID.randomUUID().toString(), Map.of());
    }

    /**
     * One for an operator's own use, with no app.
     *
     * @param id a UUID
     * @throws FlynnException {@code VALIDATION} if it is none, {@code OBJECT_EXISTS} if there is such a volume
     */
    public VolumeRecord create(String id, Map<String, String> meta) throws IOException {
        if (!Ids.isId(id)) {
            throw FlynnException.invalidField("id", "must be a UUID, was \"" + id + "\"");
        }
        if (table.find(key(id)).isPresent() || backend.exists(id)) {
            throw new FlynnException(ErrorCode.OBJECT_EXISTS, "host %s has a volume %s".formatted(hostId, id));
        }
        return create(Optional.empty(), Optional.empty(), Optional.empty(), meta, id);
    }

    private VolumeRecord create(
            Optional<AppId> app, Optional<String> type, Optional<JobId> holder, Map<String, String> meta, String id)
            throws IOException {
        backend.create(id);
        return record(new VolumeRecord(id, hostId, app, type, holder, Optional.empty(), meta, now(), now()));
    }

    /** Those of this host, snapshots too, the oldest first. */
    public List<VolumeRecord> list() {
        return sorted(records());
    }

    /** Those of all hosts, also of such that are down. */
    public List<VolumeRecord> listEverywhere() {
        return sorted(table.list());
    }

    private static List<VolumeRecord> sorted(List<Versioned<VolumeRecord>> records) {
        return records.stream()
                .map(Versioned::value)
                .sorted(Comparator.comparing(VolumeRecord::createdAt).thenComparing(VolumeRecord::id))
                .toList();
    }

    /** The ids of files that no record knows, which nobody but an operator may delete. */
    public List<String> strays() throws IOException {
        // first what is there: files come before their record
        Set<String> there = backend.ids();
        Set<String> known = list().stream().map(VolumeRecord::id).collect(Collectors.toSet());
        return there.stream().filter(id -> !known.contains(id)).sorted().toList();
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND} */
    public VolumeRecord get(String id) {
        return find(id).value();
    }

    /** How much of the disk it takes. */
    public long bytes(String id) throws IOException {
        return backend.bytes(id);
    }

    /** A read-only copy of a volume as it is now. */
    public VolumeRecord snapshot(String id) throws IOException {
        VolumeRecord volume = get(id);
        return exclusively(id, () -> {
            String snapshot = UUID.randomUUID().toString();
            backend.snapshot(id, snapshot);
            return record(new VolumeRecord(
                    snapshot,
                    hostId,
                    volume.app(),
                    volume.processType(),
                    Optional.empty(),
                    Optional.of(id),
                    Map.of(),
                    now(),
                    now()));
        });
    }

    /**
     * Deletes a volume or a snapshot, files and all.
     *
     * @throws FlynnException {@code CONFLICT} while a job has it or it has snapshots
     */
    public void delete(String id) throws IOException {
        exclusively(id, () -> {
            Versioned<VolumeRecord> volume = find(id);
            requireUnused(volume.value());
            List<String> snapshots = list().stream()
                    .filter(other -> other.snapshotOf().equals(Optional.of(id)))
                    .map(VolumeRecord::id)
                    .toList();
            if (!snapshots.isEmpty()) {
                throw new FlynnException(
                        ErrorCode.CONFLICT,
                        "volume %s has snapshots; delete them first: %s".formatted(id, String.join(", ", snapshots)));
            }
            remove(volume);
            backend.delete(id);
            return id;
        });
    }

    private static void requireUnused(VolumeRecord volume) {
        volume.holder().ifPresent(job -> {
            throw new FlynnException(
                    ErrorCode.CONFLICT,
                    "volume %s is in use by job %s; stop the job first".formatted(volume.id(), job));
        });
    }

    private void remove(Versioned<VolumeRecord> volume) {
        Transaction.Builder transaction = Transaction.builder();
        table.remove(transaction, volume);
        if (!state.commit(transaction).committed()) {
            throw new FlynnException(
                    ErrorCode.CONFLICT,
                    "volume %s was taken meanwhile".formatted(volume.value().id()));
        }
    }

    /**
     * Gives up a volume of a host that does not come back: jobs wait for it no more. Should that host come back, the files
     * are among its {@linkplain #strays strays}.
     *
     * @throws FlynnException {@code OBJECT_NOT_FOUND} if no other host has such a volume
     */
    public void abandon(String id) {
        Versioned<VolumeRecord> volume = table.list().stream()
                .filter(record -> record.value().id().equals(id)
                        && !record.value().hostId().equals(hostId))
                .findFirst()
                .orElseThrow(() -> new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "no other host has a volume " + id));
        remove(volume);
        log.atWarn()
                .addKeyValue("volume", id)
                .addKeyValue("host", volume.value().hostId())
                .log("a volume of another host is given up");
    }

    // ---- between hosts

    /**
     * Looks at what is asked for before anything is sent.
     *
     * @throws FlynnException {@code OBJECT_NOT_FOUND}, or {@code VALIDATION} if it is no snapshot
     */
    public VolumeRecord requireSnapshot(String id) {
        VolumeRecord volume = get(id);
        if (!volume.isSnapshot()) {
            throw FlynnException.invalid("volume %s is no snapshot; make one of it and send that".formatted(id));
        }
        return volume;
    }

    /** Writes a snapshot for {@link #receive} on another host with the same kind of backend. */
    public void send(String snapshot, OutputStream to) throws IOException {
        requireSnapshot(snapshot);
        backend.send(snapshot, to);
    }

    /** A snapshot of whatever host. */
    public VolumeRecord snapshotOn(String host, String id) {
        return table.find(VolumeRecord.recordId(host, id))
                .map(Versioned::value)
                .filter(VolumeRecord::isSnapshot)
                .orElseThrow(() -> new FlynnException(
                        ErrorCode.OBJECT_NOT_FOUND, "host %s has no snapshot %s".formatted(host, id)));
    }

    /**
     * Replaces what is in a volume by what another host sent; once that is complete, the volume is for the same jobs as the
     * one that was sent. What does not come whole changes nothing.
     *
     * @param of what was sent
     * @throws FlynnException {@code CONFLICT} while a job has the volume
     */
    public VolumeRecord receive(String id, VolumeRecord of, InputStream from) throws IOException {
        return exclusively(id, () -> {
            VolumeRecord target = get(id);
            if (target.isSnapshot()) {
                throw FlynnException.invalid("volume %s is a snapshot, which never changes".formatted(id));
            }
            requireUnused(target);
            String received = UUID.randomUUID().toString();
            backend.receive(received, from);
            backend.replace(id, received);
            update(id, record -> Optional.of(record.ownedAs(of, now())));
            return get(id);
        });
    }

    @FunctionalInterface
    private interface Work<T> {
        T run() throws IOException;
    }

    /** Meanwhile no job gets the volume, and nobody else does something to it. */
    private <T> T exclusively(String id, Work<T> work) throws IOException {
        if (!closed.add(id)) {
            throw FlynnException.conflict("something else is being done to volume %s; try again later".formatted(id));
        }
        try {
            return work.run();
        } finally {
            closed.remove(id);
        }
    }

    // ---- what nobody owns

    /** What belongs to apps that are gone, and no job has; snapshots first, so that they can be deleted in this order. */
    public List<VolumeRecord> unowned() {
        List<VolumeRecord> all = list();
        Set<AppId> gone = all.stream()
                .flatMap(volume -> volume.app().stream())
                .filter(app -> state.apps().find(app.toString()).isEmpty())
                .collect(Collectors.toSet());
        return all.stream()
                .filter(volume -> volume.app().map(gone::contains).orElse(false))
                .filter(volume -> volume.holder().isEmpty())
                .sorted(Comparator.comparing((VolumeRecord volume) -> !volume.isSnapshot()))
                .toList();
    }

    private VolumeRecord record(VolumeRecord volume) {
        Transaction.Builder transaction = Transaction.builder();
        table.create(transaction, volume.recordId(), volume);
        state.commit(transaction);
        return volume;
    }

    private List<Versioned<VolumeRecord>> records() {
        return table.list(hostId + "/");
    }

    private Versioned<VolumeRecord> find(String id) {
        return table.find(key(id))
                .orElseThrow(() -> new FlynnException(
                        ErrorCode.OBJECT_NOT_FOUND, "host %s has no volume %s".formatted(hostId, id)));
    }

    private Optional<VolumeRecord> replace(Versioned<VolumeRecord> read, VolumeRecord changed) {
        Transaction.Builder transaction = Transaction.builder();
        table.replace(transaction, read, changed);
        return state.commit(transaction).committed() ? Optional.of(changed) : Optional.empty();
    }

    private void update(String id, Function<VolumeRecord, Optional<VolumeRecord>> change) {
        while (true) {
            Optional<Versioned<VolumeRecord>> read = table.find(key(id));
            Optional<VolumeRecord> changed = read.flatMap(volume -> change.apply(volume.value()));
            if (changed.isEmpty() || replace(read.orElseThrow(), changed.get()).isPresent()) {
                return;
            }
        }
    }

    private String key(String id) {
        return VolumeRecord.recordId(hostId, id);
    }

    /** As exact as records are. */
    private Instant now() {
        return state.clock().instant().truncatedTo(ChronoUnit.MICROS);
    }
}
