package dev.flynn.network;

import dev.flynn.api.error.FlynnException;
import java.util.Map;
import java.util.TreeSet;

/**
 * The network that all hosts of a cluster share (contract: layer 0, Overlay network). The first host of a cluster decides.
 *
 * @param network all of it
 * @param subnetLength the prefix length of each host's part
 * @param subnetMin the first address of the first part that a host may have
 * @param subnetMax the first address of the last one
 * @param backend the wire name of an {@link OverlayBackend}
 * @param vni the number of the overlay among others on the same wire, 1 to 16777215
 * @param port the UDP port of {@code vxlan}; 0 is the kernel's default, 8472
 * @param mtu how many bytes a packet of a job has at most, 576 to 65535; 0: as many as its host's interface takes
 */
public record OverlayConfig(
        String network,
        int subnetLength,
        String subnetMin,
        String subnetMax,
        String backend,
        int vni,
        int port,
        int mtu) {

    public static final String DEFAULT_NETWORK = "100.100.0.0/16";

    /** What the kernel, and everybody else, takes where no port is set. */
    public static final int DEFAULT_PORT = 8472;

    private static final int SMALLEST_SUBNET = 30;
    private static final int MAX_VNI = (1 << 24) - 1;

    public OverlayConfig {
        Ipv4Network range = parse("network", network);
        if (subnetLength < range.length()) {
            throw FlynnException.invalidField(
                    "subnet-length",
                    "must not be smaller than that of the network %s, was %d".formatted(network, subnetLength));
        }
        if (subnetLength > SMALLEST_SUBNET) {
            throw FlynnException.invalidField(
                    "subnet-length",
                    "must be 30 or less, so that a host has an address for a job, was " + subnetLength);
        }
        int first = subnet("subnet-min", subnetMin, range, subnetLength).first();
        int last = subnet("subnet-max", subnetMax, range, subnetLength).first();
        if (Integer.compareUnsigned(first, last) > 0) {
            throw FlynnException.invalidField(
                    "subnet-min", "%s is greater than subnet-max %s".formatted(subnetMin, subnetMax));
        }
        OverlayBackend.of(backend);
        if (vni < 1 || vni > MAX_VNI) {
            throw FlynnException.invalidField("vni", "must be 1 to %d, was %d".formatted(MAX_VNI, vni));
        }
        if (port < 0 || port > 65_535) {
            throw FlynnException.invalidField("port", "must be 0 to 65535, was " + port);
        }
        if (mtu != 0) {
            HostNetworkConfig.requireMtu(mtu);
        }
    }

    /** {@code 100.100.0.0/16}, a /24 per host, {@code vxlan}. */
    public static OverlayConfig defaults() {
        return of(Map.of());
    }

    /**
     * Reads {@code network}, {@code subnet-length}, {@code subnet-min}, {@code subnet-max}, {@code backend}, {@code vni},
     * {@code port} and {@code mtu}; what is absent follows from the network, or has its default.
     *
     * @throws FlynnException {@code VALIDATION} naming the setting that is wrong or unknown
     */
    public static OverlayConfig of(Map<String, String> settings) {
        var unknown = new TreeSet<>(settings.keySet());
        Settings reader = (key, absent) -> {
            unknown.remove(key);
            String value = settings.getOrDefault(key, "");
            return value.isEmpty() ? absent : value;
        };
        Ipv4Network network = parse("network", reader.get("network", DEFAULT_NETWORK));
        int length = reader.number("subnet-length", network.length() < 24 ? 24 : network.length() + 1);
        if (length < network.length() || length > SMALLEST_SUBNET) {
            // whose message needs no minimum and maximum
            return new OverlayConfig(network.toString(), length, "", "", "", 0, 0, 0);
        }
        Ipv4Network first = Ipv4Network.of(network.first(), length);
        Ipv4Network last = Ipv4Network.of(network.last(), length);
        var config = new OverlayConfig(
                network.toString(),
                length,
                reader.get(
                        "subnet-min",
                        first.equals(last) ? first.address() : first.plus(1).address()),
                reader.get("subnet-max", last.address()),
                reader.get("backend", OverlayBackend.VXLAN.wireName()),
                reader.number("vni", 1),
                reader.number("port", 0),
                reader.number("mtu", 0));
        if (!unknown.isEmpty()) {
            throw FlynnException.invalidField(unknown.first(), "is not a setting of the overlay network");
        }
        return config;
    }

    Ipv4Network range() {
        return Ipv4Network.parse(network);
    }

    Ipv4Network firstSubnet() {
        return new Ipv4Network(subnetMin, subnetLength);
    }

    Ipv4Network lastSubnet() {
        return new Ipv4Network(subnetMax, subnetLength);
    }

    OverlayBackend overlayBackend() {
        return OverlayBackend.of(backend);
    }

    int udpPort() {
        return port == 0 ? DEFAULT_PORT : port;
    }

    /** What a packet of a job may have where the way between hosts takes this much. */
    int mtu(int possible) {
        return mtu == 0 ? possible : Math.min(mtu, possible);
    }

    private static Ipv4Network parse(String field, String text) {
        try {
            return Ipv4Network.parse(text);
        } catch (FlynnException e) {
            throw FlynnException.invalidField(field, "is wrong: " + e.getMessage());
        }
    }

    private static Ipv4Network subnet(String field, String address, Ipv4Network network, int length) {
        Ipv4Network subnet = parse(field, address + "/" + length);
        if (!network.contains(subnet)) {
            throw FlynnException.invalidField(field, "%s is not within the network %s".formatted(address, network));
        }
        return subnet;
    }

    /** Settings by name, with what holds where one is absent. */
    private interface Settings {

        String get(String key, String absent);

        default int number(String key, int absent) {
            String value = get(key, "");
            try {
                return value.isEmpty() ? absent : Integer.parseInt(value);
            } catch (NumberFormatException e) {
                throw FlynnException.invalidField(key, "must be a number, was \"" + value + "\"");
            }
        }
    }
}
