package dev.flynn.bootstrap;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A cluster's certificate and the authority that signed it (contract: layer 1, Cluster certificate).
 *
 * @param caCert PEM text
 * @param cert PEM text; intermediate certificates may follow
 * @param pin standard base64 of the SHA-256 of the certificate's DER
 * @param key PEM text
 */
record ClusterCertificate(String caCert, String cert, String pin, String key) {

    private static final int KEY_BITS = 2048;
    private static final int SERIAL_BITS = 128;
    private static final int YEARS = 5;
    private static final String SIGNATURE = "SHA256withRSA";
    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|[0-9a-fA-F:]*:[0-9a-fA-F:]*");

    /** A certificate that the operator brought along. */
    static ClusterCertificate given(String caCert, String cert, String key) {
        parse("the CA certificate", caCert);
        return new ClusterCertificate(caCert, cert, pin(parse("the certificate", cert)), key);
    }

    /**
     * A new certificate, signed by a new authority whose key is thrown away.
     *
     * @param hosts names or addresses; the first one is the common name
     * @param threads where one of the two keys is made
     */
    static ClusterCertificate generate(List<String> hosts, Instant now, Executor threads) {
        CompletableFuture<KeyPair> authorityKey = CompletableFuture.supplyAsync(ClusterCertificate::newKey, threads);
        KeyPair key = newKey();
        try {
            X509Certificate authority = authority(authorityKey.join(), now);
            X509Certificate certificate = certificate(hosts, key, authority, authorityKey.join(), now);
            return new ClusterCertificate(
                    pem("CERTIFICATE", authority.getEncoded()),
                    pem("CERTIFICATE", certificate.getEncoded()),
                    pin(certificate),
                    pem("RSA PRIVATE KEY", pkcs1(key)));
        } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
            throw FlynnException.internal("cannot make the cluster's certificate", e);
        }
    }

    private static KeyPair newKey() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(KEY_BITS);
            return generator.generateKeyPair();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has RSA", e);
        }
    }

    private static X509Certificate authority(KeyPair key, Instant now)
            throws GeneralSecurityException, IOException, OperatorCreationException {
        X500Name name = new X500NameBuilder()
                .addRDN(BCStyle.O, "Flynn")
                .addRDN(BCStyle.OU, "Flynn Ephemeral CA")
                .build();
        var extensions = new JcaX509ExtensionUtils();
        JcaX509v3CertificateBuilder builder = builder(name, name, key, now);
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign));
        builder.addExtension(
                Extension.subjectKeyIdentifier, false, extensions.createSubjectKeyIdentifier(key.getPublic()));
        return sign(builder, key);
    }

    private static X509Certificate certificate(
            List<String> hosts, KeyPair key, X509Certificate authority, KeyPair authorityKey, Instant now)
            throws GeneralSecurityException, IOException, OperatorCreationException {
        X500Name name = new X500NameBuilder()
                .addRDN(BCStyle.O, "Flynn")
                .addRDN(BCStyle.CN, hosts.get(0))
                .build();
        GeneralName[] names = hosts.stream()
                .map(host -> new GeneralName(
                        ADDRESS.matcher(host).matches() ? GeneralName.iPAddress : GeneralName.dNSName, host))
                .toArray(GeneralName[]::new);
        var extensions = new JcaX509ExtensionUtils();
        X500Name issuer =
                X500Name.getInstance(authority.getSubjectX500Principal().getEncoded());
        JcaX509v3CertificateBuilder builder = builder(issuer, name, key, now);
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
        builder.addExtension(
                Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyEncipherment));
        builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
        builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
        builder.addExtension(
                Extension.authorityKeyIdentifier, false, extensions.createAuthorityKeyIdentifier(authority));
        return sign(builder, authorityKey);
    }

    private static JcaX509v3CertificateBuilder builder(X500Name issuer, X500Name subject, KeyPair key, Instant now) {
        return new JcaX509v3CertificateBuilder(
                issuer,
                new BigInteger(SERIAL_BITS, new SecureRandom()),
                Date.from(now),
                Date.from(now.atOffset(ZoneOffset.UTC).plusYears(YEARS).toInstant()),
                subject,
                key.getPublic());
    }

    private static X509Certificate sign(JcaX509v3CertificateBuilder builder, KeyPair key)
            throws CertificateException, IOException, OperatorCreationException {
        ContentSigner signer = new JcaContentSignerBuilder(SIGNATURE).build(key.getPrivate());
        return parse(builder.build(signer).getEncoded());
    }

    private static X509Certificate parse(String what, String pem) {
        try {
            return parse(pem.getBytes(US_ASCII));
        } catch (CertificateException e) {
            throw new FlynnException(
                    ErrorCode.VALIDATION,
                    "bootstrap: %s is not a PEM certificate: %s".formatted(what, e.getMessage()),
                    e);
        }
    }

    private static X509Certificate parse(byte[] encoded) throws CertificateException {
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(encoded));
    }

    private static String pin(X509Certificate certificate) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
            return Base64.getEncoder().encodeToString(digest);
        } catch (GeneralSecurityException e) {
            throw FlynnException.internal("cannot compute the pin of the cluster's certificate", e);
        }
    }

    private static byte[] pkcs1(KeyPair key) throws IOException {
        return PrivateKeyInfo.getInstance(key.getPrivate().getEncoded())
                .parsePrivateKey()
                .toASN1Primitive()
                .getEncoded();
    }

    private static String pem(String kind, byte[] der) {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(kind, text, kind);
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "ClusterCertificate[pin=" + pin + "]";
    }
}
