package dev.flynn.network;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * How a host takes part in its cluster's network.
 *
 * @param publicIp where the other hosts reach it
 * @param overlay what the cluster's network shall be, if this host is the first
 * @param directory see {@link HostNetworkConfig}
 * @param bridge see {@link HostNetworkConfig}
 * @param spares see {@link HostNetworkConfig}
 * @param ipv6 see {@link HostNetworkConfig}
 * @param namespace where its network is
 * @param checkEvery how often it looks whether somebody has changed what it made
 */
public record ClusterNetworkConfig(
        String hostId,
        String publicIp,
        OverlayConfig overlay,
        Path directory,
        String bridge,
        int spares,
        boolean ipv6,
        NetworkNamespace namespace,
        Duration checkEvery) {

    public ClusterNetworkConfig {
        requireNonNull(overlay, "overlay");
        requireNonNull(directory, "directory");
        requireNonNull(namespace, "namespace");
        if (!Ipv4.isAddress(publicIp)) {
            throw FlynnException.invalidField("public-ip", "must be an IPv4 address, was \"" + publicIp + "\"");
        }
        if (checkEvery.isNegative() || checkEvery.isZero()) {
            throw FlynnException.invalidField("check-every", "must be positive, was " + checkEvery);
        }
    }

    public static Builder builder(String hostId, String publicIp, Path directory) {
        return new Builder(hostId, publicIp, directory);
    }

    /** Collects what differs from the defaults. */
    public static final class Builder {

        private final String hostId;
        private final String publicIp;
        private final Path directory;
        private OverlayConfig overlay = OverlayConfig.defaults();
        private String bridge = HostNetworkConfig.DEFAULT_BRIDGE;
        private int spares = HostNetworkConfig.DEFAULT_SPARES;
        private boolean ipv6;
        private NetworkNamespace namespace = NetworkNamespace.current();
        private Duration checkEvery = Duration.ofMinutes(1);

        private Builder(String hostId, String publicIp, Path directory) {
            this.hostId = hostId;
            this.publicIp = publicIp;
            this.directory = directory;
        }

        public Builder overlay(OverlayConfig value) {
            overlay = value;
            return this;
        }

        public Builder bridge(String value) {
            bridge = value;
            return this;
        }

        public Builder spares(int value) {
            spares = value;
            return this;
        }

        public Builder ipv6(boolean value) {
            ipv6 = value;
            return this;
        }

        public Builder namespace(NetworkNamespace value) {
            namespace = value;
            return this;
        }

        public Builder checkEvery(Duration value) {
            checkEvery = value;
            return this;
        }

        public ClusterNetworkConfig build() {
            return new ClusterNetworkConfig(
                    hostId, publicIp, overlay, directory, bridge, spares, ipv6, namespace, checkEvery);
        }
    }
}
