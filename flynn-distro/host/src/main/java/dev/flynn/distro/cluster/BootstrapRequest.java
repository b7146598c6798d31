package dev.flynn.distro.cluster;

import java.util.Map;
import java.util.Optional;

/**
 * What is to be bootstrapped.
 *
 * @param manifest as JSON
 * @param env that the manifest asks for
 * @param minHosts that have to be there
 * @param timeoutSeconds to wait for them
 * @param backup the file that the cluster is restored from, on the host that is asked
 */
public record BootstrapRequest(
        String manifest, Map<String, String> env, int minHosts, long timeoutSeconds, Optional<String> backup) {

    public BootstrapRequest {
        env = Map.copyOf(env);
    }

    /** Without the environment, which holds secrets. */
    @Override
    public String toString() {
        return "BootstrapRequest[minHosts=%d]".formatted(minHosts);
    }
}
