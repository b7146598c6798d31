package dev.flynn.identity;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * What this host shows to others, and what it asks of them: its identity, which may be renewed at any time, and the rule by
 * which a certificate is accepted. Thread-safe.
 */
public final class HostCredentials {

    /** How far clocks may be apart. */
    public static final Duration SKEW = Duration.ofMinutes(5);

    private static final List<String> PURPOSES = List.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");

    private final Clock clock;
    private final RemovedHosts removed;
    private volatile HostIdentity identity;

    public HostCredentials(HostIdentity identity, RemovedHosts removed, Clock clock) {
        this.identity = identity;
        this.removed = removed;
        this.clock = clock;
    }

    public HostIdentity identity() {
        return identity;
    }

    public String hostId() {
        return identity.hostId();
    }

    public UUID clusterId() {
        return identity.clusterId();
    }

    /** What new connections show from now on. */
    void renew(HostIdentity renewed) {
        if (!renewed.name().equals(identity.name())) {
            throw new IllegalArgumentException(renewed + " is not " + identity);
        }
        identity = renewed;
    }

    /** Shows this host's certificate, the newest at the time of each handshake. */
    public X509ExtendedKeyManager keyManager() {
        return new IdentityKeyManager(this::identity);
    }

    /**
     * Accepts, in a handshake, certificates that the cluster's authority signed. Whether a certificate is good <em>now</em> is
     * the question of {@link #admit}, which must follow: its answer is for people, and a handshake can tell only that it
     * failed.
     */
    public X509ExtendedTrustManager trustManager() {
        return new ClusterTrustManager(() -> identity.authority());
    }

    /**
     * Whose certificate this is, if it is to be accepted now.
     *
     * @throws FlynnException {@code UNAUTHORIZED} if it is not of this cluster, is not good yet or any more, or is that of a
     *     removed host
     */
    public HostName admit(X509Certificate certificate) {
        HostName name = requireSigned(certificate);
        requireCurrent(certificate, "the certificate of host \"" + name.hostId() + "\"");
        if (isRemoved(certificate)) {
            throw unauthorized(
                    "host \"%s\" was removed from the cluster; let it join again with a new token, and without its identity file"
                            .formatted(name.hostId()));
        }
        return name;
    }

    /** Whether a certificate is that of a host which was removed from the cluster. */
    public boolean isRemoved(X509Certificate certificate) {
        return removed.contains(Fingerprint.of(certificate.getPublicKey()));
    }

    /** @throws FlynnException {@code UNAUTHORIZED} if this host's own certificate is not good now */
    public void requireUsable() {
        requireCurrent(identity.certificate(), "the certificate of this host, \"" + hostId() + "\",");
    }

    private HostName requireSigned(X509Certificate certificate) {
        HostName name = HostName.of(certificate)
                .orElseThrow(() -> unauthorized("a certificate was shown that is not that of a host"));
        if (!name.clusterId().equals(clusterId())) {
            throw unauthorized(
                    "host \"%s\" belongs to cluster %s and this one, \"%s\", to cluster %s: two clusters never merge"
                            .formatted(name.hostId(), name.clusterId(), hostId(), clusterId()));
        }
        try {
            certificate.verify(identity.authority().getPublicKey());
            List<String> purposes = certificate.getExtendedKeyUsage();
            if (certificate.getBasicConstraints() == -1 && purposes != null && purposes.containsAll(PURPOSES)) {
                return name;
            }
        } catch (CertificateParsingException malformed) {
            // refused below
        } catch (GeneralSecurityException e) {
            throw unauthorized("a certificate for host \"%s\" was shown that the cluster's authority did not sign"
                    .formatted(name.hostId()));
        }
        throw unauthorized(
                "the certificate of host \"%s\" is not for connections between hosts".formatted(name.hostId()));
    }

    private void requireCurrent(X509Certificate certificate, String what) {
        Instant now = clock.instant();
        Instant from = certificate.getNotBefore().toInstant();
        Instant until = certificate.getNotAfter().toInstant();
        if (now.plus(SKEW).isBefore(from)) {
            throw unauthorized(
                    "%s is good from %s on, and on host \"%s\" it is %s: set the clock of the host that is wrong"
                            .formatted(what, from, hostId(), now));
        }
        if (now.minus(SKEW).isAfter(until)) {
            throw unauthorized(
                    "%s expired at %s, and on host \"%s\" it is %s: set the clock if it is wrong, else see 'expired certificates' in the security guide"
                            .formatted(what, until, hostId(), now));
        }
    }

    private static FlynnException unauthorized(String message) {
        return new FlynnException(ErrorCode.UNAUTHORIZED, message);
    }
}
