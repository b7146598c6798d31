package dev.flynn.host.api;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;

/**
 * What a host says of itself.
 *
 * @param address under which others reach its API, {@code ip:port}
 * @param version of the program
 * @param discoverd the URL of discovery's HTTP API on this host
 * @param dns where this host answers names of services, {@code ip:port}
 * @param network that its jobs have addresses in, if they have
 * @param flags the program was started with; without secrets
 */
public record HostFacts(
        String hostId,
        String address,
        String version,
        Optional<String> discoverd,
        Optional<String> dns,
        Optional<NetworkFacts> network,
        List<String> flags) {

    public HostFacts {
        requireNonNull(hostId, "hostId");
        requireNonNull(address, "address");
        requireNonNull(version, "version");
        flags = List.copyOf(flags);
    }

    /** A host whose jobs have no addresses of their own. */
    public HostFacts(
            String hostId,
            String address,
            String version,
            Optional<String> discoverd,
            Optional<String> dns,
            List<String> flags) {
        this(hostId, address, version, discoverd, dns, Optional.empty(), flags);
    }
}
