package dev.flynn.volumes;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import java.time.Instant;
import java.util.Optional;

/**
 * What the cluster knows of a volume.
 *
 * @param id a UUID, unique in the cluster
 * @param hostId where its files are
 * @param app whose it is; empty for one that an operator made
 * @param processType for whose jobs it is
 * @param holder the job that has it now, exclusively
 * @param snapshotOf the volume of which this is a read-only copy
 * @param usedAt when a job last began or ended to use it
 */
public record VolumeRecord(
        String id,
        String hostId,
        Optional<AppId> app,
        Optional<String> processType,
        Optional<JobId> holder,
        Optional<String> snapshotOf,
        Instant createdAt,
        Instant usedAt) {

    public VolumeRecord {
        requireNonNull(id, "id");
        requireNonNull(hostId, "hostId");
        requireNonNull(createdAt, "createdAt");
        requireNonNull(usedAt, "usedAt");
    }

    boolean isFree() {
        return holder.isEmpty() && snapshotOf.isEmpty();
    }

    VolumeRecord heldBy(JobId job, Instant now) {
        return new VolumeRecord(id, hostId, app, processType, Optional.of(job), snapshotOf, createdAt, now);
    }

    VolumeRecord freed(Instant now) {
        return new VolumeRecord(id, hostId, app, processType, Optional.empty(), snapshotOf, createdAt, now);
    }
}
