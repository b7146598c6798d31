package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import dev.flynn.distro.backends.NetworkSettings;
import dev.flynn.network.HostNetworkConfig;
import dev.flynn.network.OverlayConfig;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What an operator says of the network of jobs; each option can be a variable of the environment too. */
final class NetworkOptions {

    /** The options whose settings have other names. */
    private static final Map<String, String> OPTIONS =
            Map.of("backend", "--network-backend", "port", "--network-port", "mtu", "--network-mtu");

    @Option(
            names = "--bridge-name",
            paramLabel = "NAME",
            description = "Bridge of this host's jobs, with --backend oci or docker (default: flynnbr0).")
    private @Nullable String bridge;

    @Option(
            names = "--network",
            paramLabel = "CIDR",
            description =
                    "Network of the jobs of all hosts; the first host of a cluster decides about this and what follows (default: 100.100.0.0/16).")
    private @Nullable String network;

    @Option(
            names = {"--subnet-length", "--subnet-len"},
            paramLabel = "BITS",
            description = "Prefix length of each host's part of it (default: 24).")
    private @Nullable String subnetLength;

    @Option(names = "--subnet-min", paramLabel = "IP", description = "First part that a host may get.")
    private @Nullable String subnetMin;

    @Option(names = "--subnet-max", paramLabel = "IP", description = "Last part that a host may get.")
    private @Nullable String subnetMax;

    @Option(
            names = "--network-backend",
            paramLabel = "NAME",
            description =
                    "How jobs of different hosts reach each other: vxlan, host-gw (hosts in one segment), alloc (by routes of yours) (default: vxlan).")
    private @Nullable String backend;

    @Option(
            names = "--network-mtu",
            paramLabel = "BYTES",
            description = "Largest packet of a job (default: what the hosts' interfaces take).")
    private @Nullable String mtu;

    @Option(names = "--vni", paramLabel = "NUMBER", description = "Number of the overlay of vxlan (default: 1).")
    private @Nullable String vni;

    @Option(names = "--network-port", paramLabel = "PORT", description = "UDP port of vxlan (default: 8472).")
    private @Nullable String port;

    /** @throws FlynnException {@code VALIDATION} naming the option that is wrong */
    NetworkSettings settings(Map<String, String> environment) {
        Map<String, @Nullable String> given = new HashMap<>();
        given.put("network", network);
        given.put("subnet-length", subnetLength);
        given.put("subnet-min", subnetMin);
        given.put("subnet-max", subnetMax);
        given.put("backend", backend);
        given.put("mtu", mtu);
        given.put("vni", vni);
        given.put("port", port);
        Map<String, String> settings = new HashMap<>();
        given.forEach((key, value) -> settings.put(key, valueOf(option(key), value, environment)));
        String bridgeName = valueOf("--bridge-name", bridge, environment);
        if (bridgeName.isEmpty()) {
            bridgeName = HostNetworkConfig.DEFAULT_BRIDGE;
        }
        HostNetworkConfig.requireInterface("--bridge-name", bridgeName);
        return new NetworkSettings(bridgeName, overlay(settings));
    }

    private static OverlayConfig overlay(Map<String, String> settings) {
        try {
            return OverlayConfig.of(settings);
        } catch (FlynnException e) {
            String field = e.field().orElseThrow(() -> e);
            throw FlynnException.invalidField(
                    option(field), e.getMessage().substring(field.length()).strip());
        }
    }

    /** Empty if nothing was said; {@code --network-mtu} is {@code FLYNN_NETWORK_MTU} in the environment. */
    private static String valueOf(String option, @Nullable String value, Map<String, String> environment) {
        return value != null ? value : environment.getOrDefault(variable(option), "");
    }

    /** What an option is called in the environment. */
    static String variable(String option) {
        return "FLYNN_" + option.substring(2).replace('-', '_').toUpperCase(Locale.ROOT);
    }

    private static String option(String setting) {
        return OPTIONS.getOrDefault(setting, "--" + setting);
    }
}
