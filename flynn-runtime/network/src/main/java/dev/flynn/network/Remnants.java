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
 * left is taken away, and anything else is refused.
 */
final class Remnants {

    private static final Logger log = LoggerFactory.getLogger(Remnants.class);

    private final OverlayConfig config;
    private final Set<String> ours;
    private final DeviceOwner owner;

    Remnants(OverlayConfig config, String bridge, DeviceOwner owner) {
        this.config = config;
        this.ours = Set.of(bridge, VxlanOverlay.device(config));
        this.owner = owner;
    }

    /** @throws FlynnException {@code CONFLICT} if part of the network is somebody else's on this machine */
    void remove(Commands commands) throws IOException {
        String routes = commands.sh("ip -4 route show");
        Map<String, Link> links = Link.byName(commands.sh("ip -d -o link show"));
        for (String device : devices(routes, links)) {
            log.atWarn().addKeyValue("interface", device).log("what an earlier run has left is taken away");
            new Firewall(commands, device).remove();
            commands.ip(List.of("link del " + device));
        }
    }

    /**
     * The devices that are left.
     *
     * @throws FlynnException as {@link #remove} says
     */
    Set<String> devices(String routes, Map<String, Link> links) {
        Set<String> left = new LinkedHashSet<>();
        for (String route : routes.lines().map(String::strip).toList()) {
            List<String> words = Arrays.asList(route.split("\\s+", -1));
            int dev = words.indexOf("dev");
            String device = dev >= 0 && dev + 1 < words.size() ? words.get(dev + 1) : "";
            if (ours.contains(device) || isOfGateways(route) || !leadsIntoNetwork(words)) {
                continue;
            }
            Optional<String> shown = Optional.ofNullable(links.get(device)).map(Link::attributes);
            if (shown.filter(DeviceOwner::isMarked).isEmpty()) {
                throw FlynnException.conflict(
                        "the cluster's network %s is in use on this host by the route \"%s\"; choose another --network when the cluster is set up"
                                .formatted(config.network(), route));
            }
            owner.requireNoOther(device, shown.get());
            left.add(device);
        }
        return left;
    }

    private static boolean isOfGateways(String route) {
        return (" " + route + " ").contains(" proto " + HostGateways.PROTOCOL + " ");
    }

    private boolean leadsIntoNetwork(List<String> words) {
        return words.stream()
                .limit(2)
                .filter(word -> word.matches("\\d+\\.\\d+\\.\\d+\\.\\d+(/\\d+)?"))
                .findFirst()
                .map(word -> Ipv4Network.parse(word.contains("/") ? word : word + "/32"))
                .filter(config.range()::contains)
                .isPresent();
    }
}
