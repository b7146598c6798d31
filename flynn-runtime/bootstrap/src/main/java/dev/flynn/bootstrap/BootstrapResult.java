package dev.flynn.bootstrap;

import java.util.Optional;

/**
 * What a user needs to know of a cluster that was bootstrapped; empty where the manifest has no such step.
 *
 * @param clusterAddLine the command that adds the cluster to the {@code flynn} command line; holds the key
 * @param controllerKey what the controller accepts
 * @param pin standard base64 of the SHA-256 of the cluster's certificate
 * @param caCert PEM text of the cluster's certificate authority
 */
public record BootstrapResult(
        Optional<String> clusterAddLine,
        Optional<String> controllerKey,
        Optional<String> pin,
        Optional<String> caCert) {

    /** Without the key. */
    @Override
    public String toString() {
        return "BootstrapResult[pin=%s]".formatted(pin.orElse("none"));
    }
}
