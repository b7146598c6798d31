package dev.flynn.state;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What the cluster knows of a volume; its host alone changes it.
 *
 * @param id a UUID, unique in the cluster
 * @param hostId where its files are
 * @param app whose it is; empty for one that an operator made
 * @param processType for whose jobs it is
 * @param holder the job that has it now, exclusively
 * @param snapshotOf the volume of which this is a read-only copy
 * @param meta what an operator noted
 * @param usedAt when a job last began or ended to use it
 * @param decommissionedAt since when no new job gets it
 */
public record VolumeRecord(
        String id,
        String hostId,
        Optional<AppId> app,
        Optional<String> processType,
        Optional<JobId> holder,
        Optional<String> snapshotOf,
        Map<String, String> meta,
        Instant createdAt,
        Instant usedAt,
        Optional<Instant> decommissionedAt) {

    /** In the metadata of a volume whose host is not one of the cluster's: a client of the controller recorded it. */
    public static final String META_RECORDED = "flynn-controller.recorded";

    public VolumeRecord {
        requireNonNull(id, "id");
        requireNonNull(hostId, "hostId");
        requireNonNull(createdAt, "createdAt");
        requireNonNull(usedAt, "usedAt");
        requireNonNull(decommissionedAt, "decommissionedAt");
        meta = Map.copyOf(meta);
    }

    /** One that jobs get. */
    public VolumeRecord(
            String id,
            String hostId,
            Optional<AppId> app,
            Optional<String> processType,
            Optional<JobId> holder,
            Optional<String> snapshotOf,
            Map<String, String> meta,
            Instant createdAt,
            Instant usedAt) {
        this(id, hostId, app, processType, holder, snapshotOf, meta, createdAt, usedAt, Optional.empty());
    }

    /** The id of its record, see {@link ClusterState#volumes}. */
    public String recordId() {
        return recordId(hostId, id);
    }

    public static String recordId(String hostId, String id) {
        return hostId + "/" + id;
    }

    /** Whether no host of the cluster answers for it. */
    public boolean isRecorded() {
        return meta.containsKey(META_RECORDED);
    }

    public boolean isSnapshot() {
        return snapshotOf.isPresent();
    }

    /** Whether the next job of its app and type may have it. */
    public boolean isFree() {
        return holder.isEmpty() && !isSnapshot() && decommissionedAt.isEmpty();
    }

    /** Whether it is kept for jobs of this app and type. */
    public boolean isFor(AppId owner, String type) {
        return !isSnapshot()
                && decommissionedAt.isEmpty()
                && app.equals(Optional.of(owner))
                && processType.equals(Optional.of(type));
    }

    public VolumeRecord heldBy(JobId job, Instant now) {
        return new VolumeRecord(
                id, hostId, app, processType, Optional.of(job), snapshotOf, meta, createdAt, now, decommissionedAt);
    }

    public VolumeRecord freed(Instant now) {
        return new VolumeRecord(
                id, hostId, app, processType, Optional.empty(), snapshotOf, meta, createdAt, now, decommissionedAt);
    }

    /** As one for the jobs that the other is for. */
    public VolumeRecord ownedAs(VolumeRecord other, Instant now) {
        return new VolumeRecord(
                id, hostId, other.app, other.processType, holder, snapshotOf, meta, createdAt, now, decommissionedAt);
    }

    /** As one that no new job gets. */
    public VolumeRecord decommissioned(Instant now) {
        return new VolumeRecord(
                id, hostId, app, processType, holder, snapshotOf, meta, createdAt, usedAt, Optional.of(now));
    }
}
