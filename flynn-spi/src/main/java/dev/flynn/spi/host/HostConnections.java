package dev.flynn.spi.host;

import org.apiguardian.api.API;

/** The hosts of the cluster that can be reached now. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface HostConnections {

    /** @throws dev.flynn.api.error.FlynnException {@code SERVICE_UNAVAILABLE} if the host is unknown or not reachable */
    HostConnection connect(String hostId);
}
