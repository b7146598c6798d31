package dev.flynn.network;

import java.time.Instant;
import java.util.Optional;

/**
 * That a host has a part of the cluster's network. It stays the host's, however long that is away, until the host is removed
 * from the cluster.
 *
 * @param publicIp where other hosts reach it
 * @param subnet its part: {@code 100.100.7.0/24}
 * @param backend the wire name of an {@link OverlayBackend}
 * @param vtepMac the hardware address of its end of a {@code vxlan} overlay
 */
public record SubnetLease(
        String hostId, String publicIp, String subnet, String backend, Optional<String> vtepMac, Instant since) {

    public SubnetLease {
        Ipv4.parse(publicIp);
        Ipv4Network.parse(subnet);
    }

    public Ipv4Network range() {
        return Ipv4Network.parse(subnet);
    }

    /** The id of its record: {@code 100.100.7.0-24}. */
    String id() {
        return id(range());
    }

    static String id(Ipv4Network subnet) {
        return subnet.address() + "-" + subnet.length();
    }
}
