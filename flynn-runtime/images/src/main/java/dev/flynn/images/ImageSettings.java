package dev.flynn.images;

import static java.util.Objects.requireNonNull;

import dev.flynn.base.DiskReserve;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How a store behaves.
 *
 * @param insecureRegistries hosts, with their port if it is not 80, that are spoken to without TLS; no other is
 * @param mirrors by registry, the hosts that are asked before it: {@code host[:port][/path]}
 * @param credentials Docker's {@code config.json} with what registries want to know; read at each pull
 * @param archives opens the archives that URLs name
 * @param maxLayerBytes what one layer may have when it is unpacked
 * @param maxLayerEntries how many files one layer may have
 * @param reserveBytes what has to stay free of the disk
 * @param retention how long an image stays that nobody holds
 * @param maxBytes of all images; those that nobody holds make room, zero is no limit
 * @param tagFreshness how long a tag of a registry is not asked for again
 * @param retryPause before a registry that failed is asked again; longer each time
 * @param listener is told of all pulls
 */
public record ImageSettings(
        Set<String> insecureRegistries,
        Map<String, List<String>> mirrors,
        Optional<Path> credentials,
        ArchiveOpener archives,
        long maxLayerBytes,
        int maxLayerEntries,
        long reserveBytes,
        Duration retention,
        long maxBytes,
        Duration tagFreshness,
        Duration retryPause,
        PullListener listener) {

    /** Only registries with TLS, without credentials; 20 GiB per layer; an image that is not needed stays a week. */
    public static final ImageSettings DEFAULT = new Builder().build();

    public ImageSettings {
        insecureRegistries = Set.copyOf(insecureRegistries);
        mirrors = Map.copyOf(mirrors);
        requireNonNull(credentials, "credentials");
        requireNonNull(archives, "archives");
        requireNonNull(retention, "retention");
        requireNonNull(tagFreshness, "tagFreshness");
        requireNonNull(retryPause, "retryPause");
        requireNonNull(listener, "listener");
    }

    public Builder toBuilder() {
        var builder = new Builder();
        builder.insecureRegistries = insecureRegistries;
        builder.mirrors = mirrors;
        builder.credentials = credentials;
        builder.archives = archives;
        builder.maxLayerBytes = maxLayerBytes;
        builder.maxLayerEntries = maxLayerEntries;
        builder.reserveBytes = reserveBytes;
        builder.retention = retention;
        builder.maxBytes = maxBytes;
        builder.tagFreshness = tagFreshness;
        builder.retryPause = retryPause;
        builder.listener = listener;
        return builder;
    }

    /** Begins with the defaults. */
    public static final class Builder {

        private Set<String> insecureRegistries = Set.of();
        private Map<String, List<String>> mirrors = Map.of();
        private Optional<Path> credentials = Optional.empty();
        private ArchiveOpener archives = ArchiveOpener.HTTP;
        private long maxLayerBytes = 20L << 30;
        private int maxLayerEntries = 1_000_000;
        private long reserveBytes = DiskReserve.DEFAULT_BYTES;
        private Duration retention = Duration.ofDays(7);
        private long maxBytes;
        private Duration tagFreshness = Duration.ofMinutes(1);
        private Duration retryPause = Duration.ofMillis(500);
        private PullListener listener = PullListener.NONE;

        private Builder() {}

        public Builder insecureRegistries(Set<String> value) {
            this.insecureRegistries = value;
            return this;
        }

        public Builder mirrors(Map<String, List<String>> value) {
            this.mirrors = value;
            return this;
        }

        public Builder credentials(Optional<Path> value) {
            this.credentials = value;
            return this;
        }

        public Builder archives(ArchiveOpener value) {
            this.archives = value;
            return this;
        }

        public Builder maxLayerBytes(long value) {
            this.maxLayerBytes = value;
            return this;
        }

        public Builder maxLayerEntries(int value) {
            this.maxLayerEntries = value;
            return this;
        }

        public Builder reserveBytes(long value) {
            this.reserveBytes = value;
            return this;
        }

        public Builder retention(Duration value) {
            this.retention = value;
            return this;
        }

        public Builder maxBytes(long value) {
            this.maxBytes = value;
            return this;
        }

        public Builder tagFreshness(Duration value) {
            this.tagFreshness = value;
            return this;
        }

        public Builder retryPause(Duration value) {
            this.retryPause = value;
            return this;
        }

        public Builder listener(PullListener value) {
            this.listener = value;
            return this;
        }

        public ImageSettings build() {
            return new ImageSettings(
                    insecureRegistries,
                    mirrors,
                    credentials,
                    archives,
                    maxLayerBytes,
                    maxLayerEntries,
                    reserveBytes,
                    retention,
                    maxBytes,
                    tagFreshness,
                    retryPause,
                    listener);
        }
    }
}
