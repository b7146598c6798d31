package dev.flynn.containers.docker;

import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Network;
import dev.flynn.api.error.FlynnException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * The engine's network that jobs are in, and its addresses.
 *
 * <p>The address of a job is chosen here and not by the engine, because a job finds it in its environment, which is fixed
 * before the engine would choose one.
 */
record JobNetwork(String name, Addresses addresses) {

    static final String DEFAULT_NAME = "flynn";

    private static final int UNPROTECTED_SINCE = 28;
    private static final int TIMES_LOOKED = 10;
    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

    /** Finds the network, or makes it. */
    static JobNetwork open(Engine engine, DockerSettings settings, String instance) {
        String name = settings.network().orElse(DEFAULT_NAME);
        Network network = find(engine, name)
                .filter(found -> !isOutdated(engine, found, settings))
                .orElseGet(() -> create(engine, name, settings));
        Network.Ipam.Config subnet = subnetOf(network);
        settings.subnet().ifPresent(wanted -> {
            if (!wanted.equals(subnet.getSubnet())) {
                throw FlynnException.invalidField(
                        "subnet",
                        "is %s, but the engine's network %s has %s; remove that network or name another one"
                                .formatted(wanted, name, subnet.getSubnet()));
            }
        });
        String gateway = subnet.getGateway() == null ? subnet.getSubnet().split("/", 2)[0] : subnet.getGateway();
        return new JobNetwork(name, Addresses.of(subnet.getSubnet(), gateway.split("/", 2)[0], instance.hashCode()));
    }

    private static Optional<Network> find(Engine engine, String name) {
        try {
            return Optional.of(engine.ask(
                    client -> client.inspectNetworkCmd().withNetworkId(name).exec()));
        } catch (NotFoundException absent) {
            return Optional.empty();
        }
    }

    /** Whether a network was ours and had another subnet, in which no container runs any more; then it is gone. */
    private static boolean isOutdated(Engine engine, Network network, DockerSettings settings) {
        boolean isWanted = settings.subnet()
                .map(wanted -> wanted.equals(subnetOf(network).getSubnet()))
                .orElse(true);
        if (isWanted || !network.getLabels().containsKey(Labels.NETWORK)) {
            return false;
        }
        try {
            engine.tell(client -> client.removeNetworkCmd(network.getId()).exec());
            return true;
        } catch (DockerException inUse) {
            return false;
        }
    }

    private static Network create(Engine engine, String name, DockerSettings settings) {
        Map<String, String> options = new HashMap<>();
        settings.bridge().ifPresent(bridge -> {
            options.put("com.docker.network.bridge.name", bridge);
            options.put("com.docker.network.bridge.enable_ip_masquerade", "false");
            if (dropsWhatComesFromElsewhere(engine)) {
                options.put("com.docker.network.bridge.gateway_mode_ipv4", "nat-unprotected");
            }
        });
        settings.mtu().ifPresent(mtu -> options.put("com.docker.network.driver.mtu", String.valueOf(mtu)));
        try {
            engine.tell(client -> {
                var command = client.createNetworkCmd()
                        .withName(name)
                        .withDriver("bridge")
                        .withCheckDuplicate(true)
                        .withOptions(options)
                        .withLabels(Map.of(Labels.NETWORK, "true"));
                settings.subnet()
                        .ifPresent(subnet -> command.withIpam(new Network.Ipam()
                                .withDriver("default")
                                .withConfig(new Network.Ipam.Config().withSubnet(subnet))));
                command.exec();
            });
        } catch (DockerException e) {
            Optional<Network> madeMeanwhile = awaited(engine, name);
            if (madeMeanwhile.isPresent()) {
                return madeMeanwhile.get();
            }
            throw FlynnException.unavailable(
                    "the engine cannot make a network for jobs: " + Engine.reason(e)
                            + "; give a subnet and a bridge that no other network has ('docker network ls'), or name a network that exists",
                    e);
        }
        return find(engine, name)
                .orElseThrow(() -> FlynnException.unavailable("the network " + name + " is gone again", null));
    }

    /** Engines do so from this version on, unless told otherwise; older ones do not know how to be told. */
    private static boolean dropsWhatComesFromElsewhere(Engine engine) {
        String version = engine.ask(client -> client.versionCmd().exec()).getVersion();
        return version != null
                && version.matches("\\d{1,6}\\..*")
                && Integer.parseInt(version.substring(0, version.indexOf('.'))) >= UNPROTECTED_SINCE;
    }

    /** Whoever makes the same network at the same moment is refused, and a little later it is there. */
    private static Optional<Network> awaited(Engine engine, String name) {
        Optional<Network> found = find(engine, name);
        for (int i = 0; found.isEmpty() && i < TIMES_LOOKED; i++) {
            LockSupport.parkNanos(LOOK_AGAIN.toNanos());
            found = find(engine, name);
        }
        return found;
    }

    private static Network.Ipam.Config subnetOf(Network network) {
        var configs = network.getIpam() == null ? null : network.getIpam().getConfig();
        return (configs == null ? java.util.List.<Network.Ipam.Config>of() : configs)
                .stream()
                        .filter(config -> config.getSubnet() != null
                                && !config.getSubnet().contains(":"))
                        .findFirst()
                        .orElseThrow(() -> FlynnException.invalidField(
                                "network",
                                "names %s, which has no subnet of IPv4 to take addresses from"
                                        .formatted(network.getName())));
    }
}
