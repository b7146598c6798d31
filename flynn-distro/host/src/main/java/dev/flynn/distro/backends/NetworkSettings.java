package dev.flynn.distro.backends;

import dev.flynn.network.HostNetworkConfig;
import dev.flynn.network.OverlayConfig;

/**
 * What the operator wants of the network of jobs.
 *
 * @param bridge the name of the bridge that joins the jobs of this host
 * @param overlay how the network of the cluster shall be, if this host is the first that needs one
 */
public record NetworkSettings(String bridge, OverlayConfig overlay) {

    public static NetworkSettings defaults() {
        return new NetworkSettings(HostNetworkConfig.DEFAULT_BRIDGE, OverlayConfig.defaults());
    }
}
