package dev.flynn.spi.discovery;

import org.apiguardian.api.API;

/** What a {@link Discovery} can do beyond its basic promises. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum DiscoveryCapability {
    /** Registrations survive a restart of discovery, for the grace time of DI-5. */
    DURABLE,
    /** Leaders can be set by hand (DI-7). */
    MANUAL_LEADER,
    /** Services carry metadata with compare-and-set (DI-8). */
    SERVICE_METADATA,
    /** Many processes can open discovery of the same cluster (DI-13). */
    SHARED
}
