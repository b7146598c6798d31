package dev.flynn.containers.docker;

import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Network;
import dev.flynn.api.error.FlynnException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The engine's network that jobs are in, and its addresses.
 *
 * <p>The address of a job is chosen here and not by the engine, because a job finds it in its environment, which is fixed
 * before the engine would choose one.
 */
record JobNetwork(String name, Addresses addresses) {

    static final String DEFAULT_NAME = "flynn";

    /** Finds the network, or makes it. */
    static JobNetwork open(Engine engine, DockerSettings settings) {
        String name = settings.network().orElse(DEFAULT_NAME);
        Network network = find(engine, name).orElseGet(() -> create(engine, name, settings));
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
        return new JobNetwork(name, Addresses.of(subnet.getSubnet(), gateway.split("/", 2)[0]));
    }

    private static Optional<Network> find(Engine engine, String name) {
        try {
            return Optional.of(engine.ask(
                    client -> client.inspectNetworkCmd().withNetworkId(name).exec()));
        } catch (NotFoundException absent) {
            return Optional.empty();
        }
    }

    private static Network create(Engine engine, String name, DockerSettings settings) {
        Map<String, String> options = new HashMap<>();
        settings.bridge().ifPresent(bridge -> options.put("com.docker.network.bridge.name", bridge));
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
        } catch (ConflictException madeMeanwhile) {
            // it is found below
        } catch (DockerException e) {
            throw FlynnException.unavailable(
                    "the engine cannot make a network for jobs: " + Engine.reason(e)
                            + "; give a subnet that is free, or name a network that exists",
                    e);
        }
        return find(engine, name)
                .orElseThrow(() -> FlynnException.unavailable("the network " + name + " is gone again", null));
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
