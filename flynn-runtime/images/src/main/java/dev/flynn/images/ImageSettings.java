package dev.flynn.images;

import static java.util.Objects.requireNonNull;

import dev.flynn.base.DiskReserve;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * How a store behaves.
 *
 * @param insecureRegistries hosts, with their port if it is not 80, that are spoken to without TLS; no other is
 * @param credentials Docker's {@code config.json} with what registries want to know; read at each pull
 * @param archives opens the archives that URLs name
 * @param maxLayerBytes what one layer may have when it is unpacked
 * @param maxLayerEntries how many files one layer may have
 * @param reserveBytes what has to stay free of the disk
 * @param retention how long an image stays that nobody holds
 * @param maxBytes of all images; those that nobody holds make room, zero is no limit
 * @param tagFreshness how long a tag of a registry is not asked for again
 * @param listener is told of all pulls
 */
public record ImageSettings(
        Set<String> insecureRegistries,
        Optional<Path> credentials,
        ArchiveOpener archives,
        long maxLayerBytes,
        int maxLayerEntries,
        long reserveBytes,
        Duration retention,
        long maxBytes,
        Duration tagFreshness,
        PullListener listener) {

    /** Only registries with TLS, without credentials; 20 GiB per layer; an image that is not needed stays a week. */
    public static final ImageSettings DEFAULT = new ImageSettings(
            Set.of(),
            Optional.empty(),
            ArchiveOpener.HTTP,
            20L << 30,
            1_000_000,
            DiskReserve.DEFAULT_BYTES,
            Duration.ofDays(7),
            0,
            Duration.ofMinutes(1),
            PullListener.NONE);

    public ImageSettings {
        insecureRegistries = Set.copyOf(insecureRegistries);
        requireNonNull(credentials, "credentials");
        requireNonNull(archives, "archives");
        requireNonNull(retention, "retention");
        requireNonNull(tagFreshness, "tagFreshness");
        requireNonNull(listener, "listener");
    }

    public ImageSettings withInsecureRegistries(Set<String> hosts) {
        return new ImageSettings(
                hosts,
                credentials,
                archives,
                maxLayerBytes,
                maxLayerEntries,
                reserveBytes,
                retention,
                maxBytes,
                tagFreshness,
                listener);
    }

    public ImageSettings withCredentials(Path file) {
        return new ImageSettings(
                insecureRegistries,
                Optional.of(file),
                archives,
                maxLayerBytes,
                maxLayerEntries,
                reserveBytes,
                retention,
                maxBytes,
                tagFreshness,
                listener);
    }

    public ImageSettings withArchives(ArchiveOpener opener) {
        return new ImageSettings(
                insecureRegistries,
                credentials,
                opener,
                maxLayerBytes,
                maxLayerEntries,
                reserveBytes,
                retention,
                maxBytes,
                tagFreshness,
                listener);
    }

    /** What one layer may cost. */
    public ImageSettings withLimits(long layerBytes, int layerEntries) {
        return new ImageSettings(
                insecureRegistries,
                credentials,
                archives,
                layerBytes,
                layerEntries,
                reserveBytes,
                retention,
                maxBytes,
                tagFreshness,
                listener);
    }

    public ImageSettings withReserveBytes(long bytes) {
        return new ImageSettings(
                insecureRegistries,
                credentials,
                archives,
                maxLayerBytes,
                maxLayerEntries,
                bytes,
                retention,
                maxBytes,
                tagFreshness,
                listener);
    }

    /** How long, and how many bytes of, images stay that nobody holds. */
    public ImageSettings withRetention(Duration time, long bytes) {
        return new ImageSettings(
                insecureRegistries,
                credentials,
                archives,
                maxLayerBytes,
                maxLayerEntries,
                reserveBytes,
                time,
                bytes,
                tagFreshness,
                listener);
    }

    public ImageSettings withTagFreshness(Duration time) {
        return new ImageSettings(
                insecureRegistries,
                credentials,
                archives,
                maxLayerBytes,
                maxLayerEntries,
                reserveBytes,
                retention,
                maxBytes,
                time,
                listener);
    }

    public ImageSettings withListener(PullListener other) {
        return new ImageSettings(
                insecureRegistries,
                credentials,
                archives,
                maxLayerBytes,
                maxLayerEntries,
                reserveBytes,
                retention,
                maxBytes,
                tagFreshness,
                other);
    }
}
