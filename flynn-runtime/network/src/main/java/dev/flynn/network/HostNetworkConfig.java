package dev.flynn.network;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * What the network of one host looks like.
 *
 * @param namespace where it is
 * @param bridge the name of the bridge that joins the jobs, 1 to 15 characters
 * @param network what all hosts of the cluster share; packets to it keep their sender's address
 * @param subnet this host's part of it, with room for one job at least
 * @param mtu how many bytes a packet of a job may have, 576 to 65535
 * @param directory where the jobs' namespaces are and what remembers whose they are, on a file system that a reboot empties
 *     or keeps; this host's alone
 * @param spares how many networks are made ahead, so that a job need not wait for one
 * @param ipv6 whether jobs have link-local IPv6 addresses
 */
public record HostNetworkConfig(
        NetworkNamespace namespace,
        String bridge,
        Ipv4Network network,
        Ipv4Network subnet,
        int mtu,
        Path directory,
        int spares,
        boolean ipv6) {

    public static final String DEFAULT_BRIDGE = "flynnbr0";

    public static final int DEFAULT_SPARES = 4;

    private static final Pattern INTERFACE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,14}");

    public HostNetworkConfig {
        requireNonNull(namespace, "namespace");
        requireNonNull(directory, "directory");
        requireInterface("bridge", bridge);
        if (!network.contains(subnet)) {
            throw FlynnException.invalidField("subnet", subnet + " is not within the network " + network);
        }
        if (subnet.length() > 30) {
            throw FlynnException.invalidField("subnet", subnet + " has no room for a job; its length is 30 at most");
        }
        requireMtu(mtu);
        if (spares < 0 || spares > 64) {
            throw FlynnException.invalidField("spares", "must be 0 to 64, was " + spares);
        }
        if (!directory.isAbsolute() || directory.toString().matches(".*[\\s'\"\\\\].*")) {
            throw FlynnException.invalidField(
                    "directory", "must be absolute and without spaces or quotes, was " + directory);
        }
    }

    /** @throws FlynnException {@code VALIDATION} naming the field, if no interface can have this name */
    public static void requireInterface(String field, String name) {
        if (!INTERFACE.matcher(name).matches()) {
            throw FlynnException.invalidField(
                    field, "must be a name of 1 to 15 letters, digits, dots and dashes, was \"" + name + "\"");
        }
    }

    static void requireMtu(int mtu) {
        if (mtu < 576 || mtu > 65_535) {
            throw FlynnException.invalidField("mtu", "must be 576 to 65535, was " + mtu);
        }
    }

    public static Builder builder(Ipv4Network network, Ipv4Network subnet, Path directory) {
        return new Builder(network, subnet, directory);
    }

    /** Collects what differs from the defaults. */
    public static final class Builder {

        private final Ipv4Network network;
        private final Ipv4Network subnet;
        private final Path directory;
        private NetworkNamespace namespace = NetworkNamespace.current();
        private String bridge = DEFAULT_BRIDGE;
        private int mtu = 1450;
        private int spares = DEFAULT_SPARES;
        private boolean ipv6;

        private Builder(Ipv4Network network, Ipv4Network subnet, Path directory) {
            this.network = network;
            this.subnet = subnet;
            this.directory = directory;
        }

        public Builder namespace(NetworkNamespace value) {
            namespace = value;
            return this;
        }

        public Builder bridge(String value) {
            bridge = value;
            return this;
        }

        public Builder mtu(int value) {
            mtu = value;
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

        public HostNetworkConfig build() {
            return new HostNetworkConfig(namespace, bridge, network, subnet, mtu, directory, spares, ipv6);
        }
    }
}
