package dev.flynn.network;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ways into the cluster's network that a machine has before its host makes any: what an earlier run with other settings has
 * left is taken away, and anything else is refused. A host that nobody else can reach, though, takes a subnet that is free, so
 * that several of them fit on one machine.
 */
final class Remnants {

    private static final Logger log = LoggerFactory.getLogger(Remnants.class);

    private final OverlayConfig config;
    private final Set<String> ours;
    private final DeviceOwner owner;
    private final boolean shares;

    /** @param shares whether others on this machine may have parts of the same network */
    Remnants(OverlayConfig config, String bridge, DeviceOwner owner, boolean shares) {
        this.config = config;
        this.ours = Set.of(bridge, VxlanOverlay.device(config));
        this.owner = owner;
        this.shares = shares;
    }

    /**
     * What there is.
     *
     * @param left devices that nobody needs any more
     * @param used parts of the network that others on this machine have
     */
    record Found(Set<String> left, Set<Ipv4Network> used) {}

    /**
     * Takes away what is left; returns the parts of the network that others on this machine have.
     *
     * @throws FlynnException {@code CONFLICT} if part of the network is somebody else's on this machine
     */
    Set<Ipv4Network> remove(Commands commands, Map<String, Link> links) throws IOException {
        Found found = find(commands.sh("ip -4 route show"), links);
        for (String device : found.left()) {
            log.atWarn().addKeyValue("interface", device).log("what an earlier run has left is taken away");
            new Firewall(commands, device).remove();
            commands.ip(List.of("link del " + device));
        }
        return found.used();
    }

    /** @throws FlynnException as {@link #remove} says */
    Found find(String routes, Map<String, Link> links) {
        Set<String> left = new LinkedHashSet<>();
        Set<Ipv4Network> used = new LinkedHashSet<>();
        for (String route : routes.lines().map(String::strip).toList()) {
            List<String> words = Arrays.asList(route.split("\\s+", -1));
            int dev = words.indexOf("dev");
            String device = dev >= 0 && dev + 1 < words.size() ? words.get(dev + 1) : "";
            Optional<Ipv4Network> destination = destination(words).filter(config.range()::contains);
            if (ours.contains(device) || isOfGateways(route) || destination.isEmpty()) {
                continue;
            }
            String shown =
                    Optional.ofNullable(links.get(device)).map(Link::attributes).orElse("");
            boolean avoidable = shares && !destination.get().equals(config.range());
            if (avoidable && (isForeign(shown) || owner.other(shown).isPresent())) {
                used.add(destination.get());
            } else if (isForeign(shown)) {
                throw FlynnException.conflict(
                        "the cluster's network %s is in use on this host by the route \"%s\"; choose another --network when the cluster is set up"
                                .formatted(config.network(), route));
            } else {
                owner.requireNoOther(device, shown);
                left.add(device);
            }
        }
        return new Found(left, used);
    }

    private static boolean isForeign(String shown) {
        return !DeviceOwner.isMarked(shown);
    }

    private static boolean isOfGateways(String route) {
        return (" " + route + " ").contains(" proto " + HostGateways.PROTOCOL + " ");
    }

    private static Optional<Ipv4Network> destination(List<String> words) {
        return words.stream()
                .limit(2)
                .filter(word -> word.matches("\\d+\\.\\d+\\.\\d+\\.\\d+(/\\d+)?"))
                .findFirst()
                .map(word -> Ipv4Network.parse(word.contains("/") ? word : word + "/32"));
    }
}
