package dev.flynn.images;

import dev.flynn.api.id.JobId;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * What images take of a host's disk.
 *
 * @param blobBytes of configurations, and of layers that were fetched and not unpacked yet
 * @param layerBytes of unpacked layers, each counted once
 * @param images last used first
 */
public record DiskUsage(long blobBytes, long layerBytes, List<ImageUsage> images) {

    /**
     * What one image takes.
     *
     * @param id the digest of its configuration
     * @param names the URIs that led to it
     * @param bytes of its layers, those included that other images have too
     * @param holders the jobs that need it
     */
    public record ImageUsage(String id, List<String> names, long bytes, Instant lastUsed, Set<JobId> holders) {

        public ImageUsage {
            names = List.copyOf(names);
            holders = Set.copyOf(holders);
        }
    }

    public DiskUsage {
        images = List.copyOf(images);
    }

    public long bytes() {
        return blobBytes + layerBytes;
    }
}
