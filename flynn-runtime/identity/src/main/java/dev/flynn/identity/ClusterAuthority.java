package dev.flynn.identity;

import dev.flynn.api.error.FlynnException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Says who belongs to a cluster: whoever has a certificate that it signed. A cluster has one for all its life, made with its
 * first host. Immutable.
 */
public final class ClusterAuthority {

    /** How long a host's certificate is good; it is renewed when a third of that is over. */
    public static final Duration HOST_VALIDITY = Duration.ofDays(2 * 365);

    static final Duration AUTHORITY_VALIDITY = Duration.ofDays(50 * 365);

    /** So that a host whose clock is behind can use its certificate at once. */
    static final Duration BACKDATED = Duration.ofHours(1);

    private static final Pattern CLUSTER_ID =
            Pattern.compile("CN=cluster ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:,.*)?");

    private final UUID clusterId;
    private final PrivateKey key;
    private final X509Certificate certificate;

    private ClusterAuthority(UUID clusterId, PrivateKey key, X509Certificate certificate) {
        this.clusterId = clusterId;
        this.key = key;
        this.certificate = certificate;
    }

    /** The authority of a new cluster. */
    public static ClusterAuthority create(Instant now) {
        UUID clusterId = UUID.randomUUID();
        KeyPair key = Certificates.newKey();
        return new ClusterAuthority(
                clusterId,
                key.getPrivate(),
                Certificates.authority(key, clusterId, now.minus(BACKDATED), now.plus(AUTHORITY_VALIDITY)));
    }

    /** @throws FlynnException {@code VALIDATION} saying what is wrong with the text */
    public static ClusterAuthority parse(String pem) {
        X509Certificate certificate = Pem.certificate(pem);
        PrivateKey key = Pem.privateKey(pem, certificate.getPublicKey());
        return new ClusterAuthority(clusterId(certificate), key, certificate);
    }

    /** The cluster that an authority's certificate names. */
    static UUID clusterId(X509Certificate authority) {
        Matcher matcher = CLUSTER_ID.matcher(authority.getSubjectX500Principal().getName());
        if (!matcher.matches()) {
            throw FlynnException.invalid("the certificate \"%s\" is not that of a cluster's authority"
                    .formatted(authority.getSubjectX500Principal().getName()));
        }
        return UUID.fromString(matcher.group(1));
    }

    public UUID clusterId() {
        return clusterId;
    }

    public X509Certificate certificate() {
        return certificate;
    }

    /** SHA-256 of the certificate: a joining host recognizes its cluster by it. */
    public byte[] fingerprint() {
        return Fingerprint.of(certificate);
    }

    /** Certificate and key, to be kept secret. */
    public String toPem() {
        return Pem.of(certificate) + Pem.of(key);
    }

    /** An identity with a new key, for a host that has this authority at hand. */
    public HostIdentity identify(String hostId, Instant now) {
        KeyPair hostKey = Certificates.newKey();
        var name = new HostName(clusterId, hostId);
        return new HostIdentity(name, hostKey.getPrivate(), certify(hostId, hostKey.getPublic(), now), certificate);
    }

    X509Certificate certify(String hostId, PublicKey hostKey, Instant now) {
        return Certificates.host(
                new HostName(clusterId, hostId), hostKey, key, now.minus(BACKDATED), now.plus(HOST_VALIDITY));
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "ClusterAuthority[" + clusterId + ", " + HexFormat.of().formatHex(fingerprint()) + "]";
    }
}
