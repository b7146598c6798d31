package dev.flynn.distro.cluster;

import java.util.Map;

/**
 * What is to be bootstrapped.
 *
 * @param manifest as JSON
 * @param env that the manifest asks for
 * @param minHosts that have to be there
 * @param timeoutSeconds to wait for them
 */
public record BootstrapRequest(String manifest, Map<String, String> env, int minHosts, long timeoutSeconds) {

    public BootstrapRequest {
        env = Map.copyOf(env);
    }

    /** Without the environment, which holds secrets. */
    @Override
    public String toString() {
        return "BootstrapRequest[minHosts=%d]".formatted(minHosts);
    }
}
