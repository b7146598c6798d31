package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the operator asked of the host's router.
 *
 * @param name what carries the requests
 * @param ip where it listens; empty for where the host does
 * @param publicHttpsPort where clients find TLS, if something in front of the router listens for them on another port
 */
record RouterChoice(String name, Optional<String> ip, OptionalInt publicHttpsPort) {

    RouterChoice {
        ip.ifPresent(RouterChoice::requireIp);
        if (publicHttpsPort.isPresent() && (publicHttpsPort.getAsInt() < 1 || publicHttpsPort.getAsInt() > 65_535)) {
            throw FlynnException.invalidField(
                    "--public-https-port", "must be 1 to 65535, was " + publicHttpsPort.getAsInt());
        }
    }

    /** Where it listens, on a host that listens at that address. */
    String ipOr(String hostIp) {
        return ip.orElse(hostIp);
    }

    /** Where it is reached from this host. */
    String reachedFrom(String hostIp) {
        return ip.filter(given -> !address(given).isAnyLocalAddress()).orElse(hostIp);
    }

    /** The same as it stands in a URL. */
    String urlHost(String hostIp) {
        String reached = reachedFrom(hostIp);
        return reached.contains(":") ? "[" + reached + "]" : reached;
    }

    /** What the router's job is told of it. */
    Map<String, String> environment(String hostIp) {
        Map<String, String> told = new HashMap<>();
        told.put("ROUTER_LISTEN_IP", ipOr(hostIp));
        publicHttpsPort.ifPresent(port -> told.put("PUBLIC_HTTPS_PORT", String.valueOf(port)));
        return told;
    }

    private static void requireIp(String given) {
        boolean isLiteral = given.matches("[0-9.]+") || given.contains(":");
        if (!isLiteral) {
            throw FlynnException.invalidField(
                    "--router-ip",
                    "must be an IP address, such as 0.0.0.0 (all of IPv4) or :: (all of IPv6 and IPv4), was '%s'"
                            .formatted(given));
        }
        InetAddress unused = address(given);
    }

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw FlynnException.invalidField("--router-ip", "is no IP address: '%s'".formatted(literal));
        }
    }
}
