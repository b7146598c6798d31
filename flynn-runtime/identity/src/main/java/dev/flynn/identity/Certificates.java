package dev.flynn.identity;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Date;
import java.util.UUID;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** Making certificates and requests for them: EC keys on P-256, signed with ECDSA and SHA-256. */
final class Certificates {

    private static final String CURVE = "secp256r1";
    private static final int CURVE_BITS = 256;
    private static final String SIGNATURE = "SHA256withECDSA";
    private static final int SERIAL_BITS = 120;
    private static final SecureRandom RANDOM = new SecureRandom();

    private Certificates() {}

    static KeyPair newKey() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec(CURVE));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has EC keys on P-256", e);
        }
    }

    static X509Certificate authority(KeyPair key, UUID clusterId, Instant from, Instant until) {
        X500Name name = authorityName(clusterId);
        try {
            return sign(
                    builder(name, name, key.getPublic(), from, until)
                            .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
                            .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign)),
                    key.getPrivate());
        } catch (CertIOException e) {
            throw FlynnException.internal("cannot make the cluster's authority", e);
        }
    }

    /** A host proves with it who it is, to whom it calls and to who calls it. */
    static X509Certificate host(HostName host, PublicKey key, PrivateKey authorityKey, Instant from, Instant until) {
        KeyPurposeId[] purposes = {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth};
        try {
            return sign(
                    builder(authorityName(host.clusterId()), new X500Name("CN=" + host.hostId()), key, from, until)
                            .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
                            .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                            .addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purposes))
                            .addExtension(
                                    Extension.subjectAlternativeName,
                                    false,
                                    new GeneralNames(
                                            new GeneralName(GeneralName.uniformResourceIdentifier, host.uri()))),
                    authorityKey);
        } catch (CertIOException e) {
            throw FlynnException.internal("cannot make the certificate of host " + host.hostId(), e);
        }
    }

    /** Asks for a certificate; proves that whoever asks has the key. */
    static byte[] request(KeyPair key, String hostId) {
        try {
            return new JcaPKCS10CertificationRequestBuilder(new X500Principal("CN=" + hostId), key.getPublic())
                    .build(new JcaContentSignerBuilder(SIGNATURE).build(key.getPrivate()))
                    .getEncoded();
        } catch (OperatorCreationException | IOException e) {
            throw FlynnException.internal("cannot make the request for a certificate", e);
        }
    }

    /**
     * The key that a request is about.
     *
     * @throws FlynnException {@code VALIDATION} if it is not of the kind that a cluster uses, or whoever asks does not have it
     */
    static PublicKey requestedKey(byte[] der) {
        try {
            var request = new JcaPKCS10CertificationRequest(der);
            PublicKey key = request.getPublicKey();
            if (!(key instanceof ECPublicKey ec)
                    || ec.getParams().getCurve().getField().getFieldSize() != CURVE_BITS) {
                throw FlynnException.invalid("a host's key is an EC key on P-256");
            }
            if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
                throw FlynnException.invalid("the request for a certificate is not signed with its own key");
            }
            return key;
        } catch (IOException
                | GeneralSecurityException
                | OperatorCreationException
                | PKCSException
                | IllegalArgumentException e) {
            throw FlynnException.invalid("that is no request for a certificate (PKCS #10)");
        }
    }

    private static X500Name authorityName(UUID clusterId) {
        return new X500Name("O=Flynn,CN=cluster " + clusterId);
    }

    private static X509v3CertificateBuilder builder(
            X500Name issuer, X500Name subject, PublicKey key, Instant from, Instant until) {
        var serial = new BigInteger(SERIAL_BITS, RANDOM).setBit(SERIAL_BITS);
        return new JcaX509v3CertificateBuilder(issuer, serial, Date.from(from), Date.from(until), subject, key);
    }

    private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key) {
        try {
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder(SIGNATURE).build(key)));
        } catch (OperatorCreationException | GeneralSecurityException e) {
            throw FlynnException.internal("cannot sign a certificate", e);
        }
    }
}
