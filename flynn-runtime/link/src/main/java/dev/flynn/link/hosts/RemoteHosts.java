package dev.flynn.link.hosts;

import dev.flynn.api.error.FlynnException;
import dev.flynn.link.HostLink;
import dev.flynn.spi.host.HostConnection;
import dev.flynn.spi.host.HostConnections;
import java.util.Optional;
import java.util.function.Function;

/** All hosts of the cluster: this one directly, the others over the link. */
public final class RemoteHosts implements HostConnections {

    private final HostLink link;
    private final String localId;
    private final HostConnections local;
    private final Function<String, Optional<String>> addresses;

    /**
     * @param localId of this host
     * @param local reaches this host
     * @param addresses where the link of a host is, {@code ip:port}; empty if no such host is known
     */
    public RemoteHosts(
            HostLink link, String localId, HostConnections local, Function<String, Optional<String>> addresses) {
        this.link = link;
        this.localId = localId;
        this.local = local;
        this.addresses = addresses;
    }

    @Override
    public HostConnection connect(String hostId) {
        if (hostId.equals(localId)) {
            return local.connect(hostId);
        }
        String address = addresses
                .apply(hostId)
                .orElseThrow(() -> FlynnException.unavailable(
                        "host \"%s\" is not in the cluster, or not up".formatted(hostId), null));
        return new RemoteHost(link, hostId, address);
    }
}
