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
        Instant usedAt) {

    public VolumeRecord {
        requireNonNull(id, "id");
        requireNonNull(hostId, "hostId");
        requireNonNull(createdAt, "createdAt");
        requireNonNull(usedAt, "usedAt");
        meta = Map.copyOf(meta);
    }

    /** The id of its record, see {@link ClusterState#volumes}. */
    public String recordId() {
        return recordId(hostId, id);
    }

    public static String recordId(String hostId, String id) {
        return hostId + "/" + id;
    }

    public boolean isSnapshot() {
        return snapshotOf.isPresent();
    }

    /** Whether the next job of its app and type may have it. */
    public boolean isFree() {
        return holder.isEmpty() && !isSnapshot();
    }

    /** Whether it is kept for jobs of this app and type. */
    public boolean isFor(AppId owner, String type) {
        return !isSnapshot() && app.equals(Optional.of(owner)) && processType.equals(Optional.of(type));
    }

    public VolumeRecord heldBy(JobId job, Instant now) {
        return new VolumeRecord(id, hostId, app, processType, Optional.of(job), snapshotOf, meta, createdAt, now);
    }

    public VolumeRecord freed(Instant now) {
        return new VolumeRecord(id, hostId, app, processType, Optional.empty(), snapshotOf, meta, createdAt, now);
    }

    /** As one for the jobs that the other is for. */
    public VolumeRecord ownedAs(VolumeRecord other, Instant now) {
        return new VolumeRecord(id, hostId, other.app, other.processType, holder, snapshotOf, meta, createdAt, now);
    }
}
