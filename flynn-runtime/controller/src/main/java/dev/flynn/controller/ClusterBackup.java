package dev.flynn.controller;

import java.time.Instant;
import java.util.Optional;

/**
 * A backup of the cluster that was asked for.
 *
 * @param status {@code running}, {@code complete} or {@code error}
 * @param sha512 of the whole archive, once it is complete
 * @param size of the whole archive in bytes, once it is complete
 * @param error why it failed
 */
public record ClusterBackup(
        String id,
        String status,
        String sha512,
        long size,
        String error,
        Instant createdAt,
        Instant updatedAt,
        Optional<Instant> completedAt) {

    static ClusterBackup running(String id, Instant now) {
        return new ClusterBackup(id, "running", "", 0, "", now, now, Optional.empty());
    }

    ClusterBackup complete(String digest, long bytes, Instant now) {
        return new ClusterBackup(id, "complete", digest, bytes, "", createdAt, now, Optional.of(now));
    }

    ClusterBackup failed(String reason, Instant now) {
        return new ClusterBackup(id, "error", "", 0, reason, createdAt, now, Optional.empty());
    }
}
