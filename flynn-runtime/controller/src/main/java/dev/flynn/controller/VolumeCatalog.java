package dev.flynn.controller;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.api.volume.Volume;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import dev.flynn.state.VolumeRecord;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Volumes of all hosts, which make and delete them. */
public final class VolumeCatalog {

    private static final String PATH = "/data";

    private final ClusterState state;

    VolumeCatalog(ClusterState state) {
        this.state = state;
    }

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
        return new Volume(
                volume.id(),
                volume.hostId(),
                Volume.DATA,
                Volume.CREATED,
                volume.app(),
                volume.holder(),
                volume.processType(),
                PATH,
                false,
                volume.meta(),
                volume.createdAt(),
                volume.usedAt(),
                volume.decommissionedAt());
    }
}
