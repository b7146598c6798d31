package dev.flynn.host.api;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * The network of a host's jobs (contract: layer 0, Status).
 *
 * @param subnet the address of the host in it, with the length of the host's part: {@code 100.100.7.1/24}
 * @param mtu how many bytes a packet of a job has at most
 * @param resolvers whom the host itself asks for names
 */
public record NetworkFacts(String subnet, int mtu, List<String> resolvers) {

    public NetworkFacts {
        requireNonNull(subnet, "subnet");
        resolvers = List.copyOf(resolvers);
    }
}
