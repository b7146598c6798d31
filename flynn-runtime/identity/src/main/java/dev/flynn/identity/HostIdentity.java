package dev.flynn.identity;

import dev.flynn.api.error.FlynnException;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/**
 * How a host proves that it belongs to its cluster.
 *
 * @param authority the cluster's; it signed the certificate
 */
public record HostIdentity(HostName name, PrivateKey key, X509Certificate certificate, X509Certificate authority) {

    /** @throws FlynnException {@code VALIDATION} if the authority did not sign the certificate, or for another host */
    public HostIdentity {
        try {
            certificate.verify(authority.getPublicKey());
        } catch (GeneralSecurityException e) {
            throw FlynnException.invalid("the certificate is not signed by the cluster's authority");
        }
        if (!HostName.of(certificate).filter(name::equals).isPresent()) {
            throw FlynnException.invalid("the certificate is not that of host \"%s\"".formatted(name.hostId()));
        }
    }

    public UUID clusterId() {
        return name.clusterId();
    }

    public String hostId() {
        return name.hostId();
    }

    /** From then on the certificate should be renewed: when a third of its life is over. */
    public Instant renewAfter() {
        Instant from = certificate.getNotBefore().toInstant();
        Instant until = certificate.getNotAfter().toInstant();
        return from.plus(Duration.between(from, until).dividedBy(3));
    }

    public Instant expiresAt() {
        return certificate.getNotAfter().toInstant();
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "HostIdentity[" + name.uri() + ", until " + expiresAt() + "]";
    }
}
