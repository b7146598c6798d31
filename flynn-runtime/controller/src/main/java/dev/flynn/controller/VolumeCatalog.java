package dev.flynn.controller;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.Ids;
import dev.flynn.api.id.JobId;
import dev.flynn.api.volume.Volume;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import dev.flynn.state.VolumeRecord;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** Volumes of all hosts, which make and delete them. */
public final class VolumeCatalog {

    private static final String PATH = "/data";

    private final ClusterState state;

    VolumeCatalog(ClusterState state) {
        this.state = state;
    }

    /** What a client sends to record a volume. */
    public record NewVolume(
            String id,
            String hostId,
            String type,
            String state,
            String app,
            String job,
            String jobType,
            Map<String, String> meta,
            Optional<Instant> decommissionedAt) {}

    /** All volumes, newest first. */
    public List<Volume> list() {
        return newestFirst(volume -> true);
    }

    /** The app's volumes, newest first. */
    public List<Volume> of(AppId app) {
        return newestFirst(volume -> volume.app().equals(Optional.of(app)));
    }

    private List<Volume> newestFirst(Predicate<VolumeRecord> wanted) {
        return Versioned.newestFirst(state.volumes().list().stream()
                        .filter(volume -> wanted.test(volume.value()))
                        .toList())
                .stream()
                .map(VolumeCatalog::shown)
                .toList();
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND}, also for another app's volume */
    public Volume get(AppId app, String id) {
        return shown(read(app, id).value());
    }

    private Versioned<VolumeRecord> read(AppId app, String id) {
        return state.volumes().list().stream()
                .filter(volume ->
                        volume.value().id().equals(id) && volume.value().app().equals(Optional.of(app)))
                .findFirst()
                .orElseThrow(() -> FlynnException.notFound("volume", id));
    }

    /**
     * Records a volume of a host that is not one of the cluster's, as a scheduler of its own does. Recording it again changes it;
     * one that is destroyed is forgotten.
     *
     * @throws FlynnException {@code VALIDATION} for a volume of the cluster's hosts, which record theirs
     */
    public Volume record(NewVolume given) {
        if (!Ids.isId(given.id())) {
            throw FlynnException.invalidField("id", "must be a UUID, was \"%s\"".formatted(given.id()));
        }
        if (given.hostId().isEmpty() || given.hostId().contains("/")) {
            throw FlynnException.invalidField("host_id", "must name the volume's host");
        }
        if (!given.type().isEmpty() && !given.type().equals(Volume.DATA)) {
            throw FlynnException.invalidField("type", "must be data, was \"%s\"".formatted(given.type()));
        }
        while (true) {
            if (state.hosts().find(given.hostId()).isPresent()) {
                throw FlynnException.invalidField(
                        "host_id",
                        "\"%s\" is a host of this cluster, which records its volumes".formatted(given.hostId()));
            }
            Transaction.Builder transaction = Transaction.builder();
            transaction.whenAbsent(state.hosts().key(given.hostId()));
            Volume volume = record(transaction, given);
            state.events().append(transaction, EventType.VOLUME, volume.app(), volume.id(), volume);
            if (state.commit(transaction).committed()) {
                return volume;
            }
        }
    }

    private Volume record(Transaction.Builder transaction, NewVolume given) {
        String id = VolumeRecord.recordId(given.hostId(), given.id());
        Optional<Versioned<VolumeRecord>> known = state.volumes().find(id);
        Instant now = state.clock().instant();
        var written = new VolumeRecord(
                given.id(),
                given.hostId(),
                text(given.app()).map(AppId::of),
                text(given.jobType()),
                text(given.job()).map(JobId::new),
                Optional.empty(),
                recorded(given.meta()),
                known.map(read -> read.value().createdAt()).orElse(now),
                now,
                given.decommissionedAt());
        if (given.state().equals(Volume.DESTROYED)) {
            known.ifPresent(read -> state.volumes().remove(transaction, read));
            return shown(written, Volume.DESTROYED);
        }
        known.ifPresentOrElse(
                read -> state.volumes().replace(transaction, read, written),
                () -> state.volumes().create(transaction, id, written));
        return shown(written);
    }

    private static Map<String, String> recorded(Map<String, String> meta) {
        Map<String, String> marked = new HashMap<>(meta);
        marked.put(VolumeRecord.META_RECORDED, "true");
        return marked;
    }

    private static Optional<String> text(String given) {
        return Optional.of(given).filter(some -> !some.isEmpty());
    }

    /** No new job gets the volume; its files stay until an operator deletes them. */
    public Volume decommission(AppId app, String id) {
        while (true) {
            Versioned<VolumeRecord> read = read(app, id);
            if (read.value().decommissionedAt().isPresent()) {
                return shown(read.value());
            }
            VolumeRecord changed = read.value().decommissioned(state.clock().instant());
            Volume volume = shown(changed);
            Transaction.Builder transaction = Transaction.builder();
            state.volumes().replace(transaction, read, changed);
            state.events().append(transaction, EventType.VOLUME, changed.app(), volume.id(), volume);
            if (state.commit(transaction).committed()) {
                return volume;
            }
        }
    }

    /** As clients see it. */
    public static Volume shown(VolumeRecord volume) {
        return shown(volume, Volume.CREATED);
    }

    private static Volume shown(VolumeRecord volume, String stateOfIt) {
        return new Volume(
                volume.id(),
                volume.hostId(),
                Volume.DATA,
                stateOfIt,
                volume.app(),
                volume.holder(),
                volume.processType(),
                PATH,
                false,
                shownMeta(volume),
                volume.createdAt(),
                volume.usedAt(),
                volume.decommissionedAt());
    }

    private static Map<String, String> shownMeta(VolumeRecord volume) {
        Map<String, String> meta = new HashMap<>(volume.meta());
        meta.remove(VolumeRecord.META_RECORDED);
        return meta;
    }
}
