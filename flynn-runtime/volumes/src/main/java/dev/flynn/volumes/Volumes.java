package dev.flynn.volumes;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Table;
import dev.flynn.state.Versioned;
import dev.flynn.state.VolumeRecord;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
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

    private final String hostId;
    private final ClusterState state;
    private final Table<VolumeRecord> table;
    private final VolumeBackend backend;

    public Volumes(String hostId, ClusterState state, VolumeBackend backend) {
        this.hostId = hostId;
        this.state = state;
        this.table = state.volumes();
        this.backend = backend;
    }

    /**
     * The directory of the volume of a job: the one it has already, else the last one used that is free, else a new one.
     *
     * @throws IOException if the files cannot be made
     */
    public Path claim(JobSpec job) throws IOException {
        Optional<AppId> app =
                Optional.ofNullable(job.metadata().get(JobSpec.META_APP)).map(AppId::of);
        Optional<String> type = Optional.ofNullable(job.metadata().get(JobSpec.META_TYPE));
        while (true) {
            List<Versioned<VolumeRecord>> ofType = records().stream()
                    .filter(volume -> volume.value().app().equals(app)
                            && volume.value().processType().equals(type))
                    .toList();
            Optional<Versioned<VolumeRecord>> held = ofType.stream()
                    .filter(volume -> volume.value().holder().equals(Optional.of(job.id())))
                    .findFirst();
            if (held.isPresent()) {
                return files(held.get().value());
            }
            Optional<VolumeRecord> taken = ofType.stream()
                    .filter(volume -> volume.value().isFree())
                    .max(Comparator.comparing(
                            (Versioned<VolumeRecord> volume) -> volume.value().usedAt()))
                    .flatMap(free -> replace(free, free.value().heldBy(job.id(), now())));
            if (taken.isPresent()) {
                return files(taken.get());
            }
            if (ofType.stream().noneMatch(volume -> volume.value().isFree())) {
                return files(create(app, type, Optional.of(job.id())));
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

    /** A job is down: its volume is for the next one. Unknown jobs are fine. */
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

    /** One for an operator's own use, with no app. */
    public VolumeRecord create() throws IOException {
        return create(Optional.empty(), Optional.empty(), Optional.empty());
    }

    private VolumeRecord create(Optional<AppId> app, Optional<String> type, Optional<JobId> holder) throws IOException {
        String id = UUID.randomUUID().toString();
        backend.create(id);
        return record(new VolumeRecord(id, hostId, app, type, holder, Optional.empty(), Map.of(), now(), now()));
    }

    /** Those of this host, snapshots too, the oldest first. */
    public List<VolumeRecord> list() {
        return records().stream()
                .map(Versioned::value)
                .sorted(Comparator.comparing(VolumeRecord::createdAt).thenComparing(VolumeRecord::id))
                .toList();
    }

    /** The ids of files that no record knows, which nobody but an operator may delete. */
    public List<String> strays() throws IOException {
        Set<String> known = list().stream().map(VolumeRecord::id).collect(Collectors.toSet());
        return backend.ids().stream().filter(id -> !known.contains(id)).sorted().toList();
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND} */
    public VolumeRecord get(String id) {
        return find(id).value();
    }

    /** A read-only copy of a volume as it is now. */
    public VolumeRecord snapshot(String id) throws IOException {
        VolumeRecord volume = get(id);
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
    }

    /**
     * Deletes a volume or a snapshot, files and all.
     *
     * @throws FlynnException {@code CONFLICT} while a job has it or it has snapshots
     */
    public void delete(String id) throws IOException {
        Versioned<VolumeRecord> volume = find(id);
        volume.value().holder().ifPresent(job -> {
            throw new FlynnException(
                    ErrorCode.CONFLICT, "volume %s is in use by job %s; stop the job first".formatted(id, job));
        });
        List<String> snapshots = list().stream()
                .filter(other -> other.snapshotOf().equals(Optional.of(id)))
                .map(VolumeRecord::id)
                .toList();
        if (!snapshots.isEmpty()) {
            throw new FlynnException(
                    ErrorCode.CONFLICT,
                    "volume %s has snapshots; delete them first: %s".formatted(id, String.join(", ", snapshots)));
        }
        Transaction.Builder transaction = Transaction.builder();
        table.remove(transaction, volume);
        if (!state.commit(transaction).committed()) {
            throw new FlynnException(ErrorCode.CONFLICT, "volume %s was taken meanwhile".formatted(id));
        }
        backend.delete(id);
    }

    /** Writes a snapshot for {@link #receive} on another host with the same kind of backend. */
    public void send(String snapshot, OutputStream to) throws IOException {
        VolumeRecord volume = get(snapshot);
        if (volume.snapshotOf().isEmpty()) {
            throw FlynnException.invalid("volume %s is no snapshot; make one of it and send that".formatted(snapshot));
        }
        backend.send(snapshot, to);
    }

    /**
     * Makes a free volume of what another host sent.
     *
     * @param of whose it is, and for which type of process
     */
    public VolumeRecord receive(VolumeRecord of, InputStream from) throws IOException {
        String id = UUID.randomUUID().toString();
        backend.receive(id, from);
        return record(new VolumeRecord(
                id, hostId, of.app(), of.processType(), Optional.empty(), Optional.empty(), Map.of(), now(), now()));
    }

    /**
     * Deletes what belongs to apps that are gone, and that no job has.
     *
     * @return what was deleted
     */
    public List<VolumeRecord> collect() {
        Set<AppId> gone = list().stream()
                .flatMap(volume -> volume.app().stream())
                .filter(app -> state.apps().find(app.toString()).isEmpty())
                .collect(Collectors.toSet());
        List<VolumeRecord> unowned = list().stream()
                .filter(volume -> volume.app().map(gone::contains).orElse(false))
                .sorted(Comparator.comparing(
                        (VolumeRecord volume) -> volume.snapshotOf().isEmpty())) // snapshots first
                .toList();
        return unowned.stream().filter(this::deleted).toList();
    }

    private boolean deleted(VolumeRecord volume) {
        try {
            delete(volume.id());
            return true;
        } catch (IOException | FlynnException e) {
            log.atInfo()
                    .addKeyValue("volume", volume.id())
                    .addKeyValue("reason", e.getMessage())
                    .log("a volume that no app owns is kept for now");
            return false;
        }
    }

    private VolumeRecord record(VolumeRecord volume) {
        Transaction.Builder transaction = Transaction.builder();
        table.create(transaction, key(volume.id()), volume);
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

    private void update(String id, java.util.function.Function<VolumeRecord, Optional<VolumeRecord>> change) {
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

    private Instant now() {
        return state.clock().instant();
    }
}
