package dev.flynn.disk;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Who uses the disk of a host.
 *
 * @param totalBytes of the file system with the host's data
 * @param usableBytes that are free
 * @param reserveBytes that are to stay free
 * @param refusing why no new jobs of apps begin here; empty if they do
 * @param uses the largest first
 * @param apps what of that belongs to which app, the largest first
 * @param strays files in the place of volumes that no record knows, which nobody but an operator deletes
 */
public record DiskReport(
        String hostId,
        long totalBytes,
        long usableBytes,
        long reserveBytes,
        String refusing,
        List<Use> uses,
        List<AppUse> apps,
        List<String> strays) {

    /**
     * What one kind of things takes.
     *
     * @param freeableBytes of what would go if room were needed, or when its time comes
     */
    public record Use(String what, int count, long bytes, long freeableBytes) {}

    /** @param bytes by kind */
    public record AppUse(String app, String name, Map<String, Long> bytes, long totalBytes, Instant usedAt) {}
}
