package dev.flynn.base;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A cluster's certificate and the authority that signed it (contract: layer 1, Cluster certificate).
 *
 * @param caCert PEM text
 * @param cert PEM text; intermediate certificates may follow
 * @param pin standard base64 of the SHA-256 of the certificate's DER
 * @param key PEM text; PKCS#8 when it was made here
 */
public record ClusterCertificate(String caCert, String cert, String pin, String key) {

    private static final String CURVE = "secp256r1";
    private static final int SERIAL_BITS = 128;
    private static final int YEARS = 5;
    private static final int KEY_ID_BYTES = 20;
    private static final String SIGNATURE = "SHA256withECDSA";
    private static final BigInteger VERSION_3 = BigInteger.TWO;

    private static final String ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
    private static final String COMMON_NAME = "2.5.4.3";
    private static final String ORGANIZATION = "2.5.4.10";
    private static final String ORGANIZATIONAL_UNIT = "2.5.4.11";
    private static final String SUBJECT_KEY_ID = "2.5.29.14";
    private static final String KEY_USAGE = "2.5.29.15";
    private static final String SUBJECT_ALTERNATIVE_NAMES = "2.5.29.17";
    private static final String BASIC_CONSTRAINTS = "2.5.29.19";
    private static final String AUTHORITY_KEY_ID = "2.5.29.35";
    private static final String EXTENDED_KEY_USAGE = "2.5.29.37";
    private static final String SERVER_AUTHENTICATION = "1.3.6.1.5.5.7.3.1";
    private static final int DNS_NAME = 2;
    private static final int IP_ADDRESS = 7;

    /** Bit 5. */
    private static final byte[] KEY_CERT_SIGN = Der.bits(new byte[] {0x04}, 2);

    /** Bit 0. */
    private static final byte[] DIGITAL_SIGNATURE = Der.bits(new byte[] {(byte) 0x80}, 7);

    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|[0-9a-fA-F:]*:[0-9a-fA-F:]*");

    /** A certificate that the operator brought along. */
    public static ClusterCertificate given(String caCert, String cert, String key) {
        parse("the CA certificate", caCert);
        return new ClusterCertificate(caCert, cert, pin(parse("the certificate", cert)), key);
    }

    /**
     * A new certificate, signed by a new authority whose key is thrown away.
     *
     * @param hosts names or addresses; the first one is the common name
     */
    public static ClusterCertificate generate(List<String> hosts, Instant now) {
        try {
            KeyPair authorityKey = newKey();
            KeyPair key = newKey();
            byte[] authority = authority(authorityKey, now);
            byte[] certificate = certificate(hosts, key, authorityKey, now);
            return new ClusterCertificate(
                    pem("CERTIFICATE", authority),
                    pem("CERTIFICATE", certificate),
                    pin(certificate),
                    pem("PRIVATE KEY", key.getPrivate().getEncoded()));
        } catch (GeneralSecurityException e) {
            throw FlynnException.internal("cannot make the cluster's certificate", e);
        }
    }

    /** P-256: an RSA key would take a quarter of the time in which a cluster starts. */
    private static KeyPair newKey() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec(CURVE));
        return generator.generateKeyPair();
    }

    private static byte[] authority(KeyPair key, Instant now) throws GeneralSecurityException {
        byte[] name = name(ORGANIZATION, "Flynn", ORGANIZATIONAL_UNIT, "Flynn Ephemeral CA");
        byte[] extensions = Der.sequence(
                extension(BASIC_CONSTRAINTS, true, Der.sequence(Der.yes())),
                extension(KEY_USAGE, true, KEY_CERT_SIGN),
                extension(SUBJECT_KEY_ID, false, Der.octets(keyId(key))));
        return signed(name, key, name, key, now, extensions);
    }

    private static byte[] certificate(List<String> hosts, KeyPair key, KeyPair authorityKey, Instant now)
            throws GeneralSecurityException {
        byte[] issuer = name(ORGANIZATION, "Flynn", ORGANIZATIONAL_UNIT, "Flynn Ephemeral CA");
        byte[] name = name(ORGANIZATION, "Flynn", COMMON_NAME, hosts.get(0));
        byte[][] hostNames = hosts.stream().map(ClusterCertificate::hostName).toArray(byte[][]::new);
        byte[] extensions = Der.sequence(
                extension(BASIC_CONSTRAINTS, true, Der.sequence()),
                extension(KEY_USAGE, true, DIGITAL_SIGNATURE),
                extension(EXTENDED_KEY_USAGE, false, Der.sequence(Der.oid(SERVER_AUTHENTICATION))),
                extension(SUBJECT_ALTERNATIVE_NAMES, false, Der.sequence(hostNames)),
                extension(SUBJECT_KEY_ID, false, Der.octets(keyId(key))),
                extension(AUTHORITY_KEY_ID, false, Der.sequence(Der.implicit(0, keyId(authorityKey)))));
        return signed(name, key, issuer, authorityKey, now, extensions);
    }

    /** RFC 5280, section 4.1. */
    private static byte[] signed(
            byte[] subject, KeyPair key, byte[] issuer, KeyPair issuerKey, Instant now, byte[] extensions)
            throws GeneralSecurityException {
        byte[] algorithm = Der.sequence(Der.oid(ECDSA_WITH_SHA256));
        Instant end = now.atOffset(ZoneOffset.UTC).plusYears(YEARS).toInstant();
        byte[] content = Der.sequence(
                Der.explicit(0, Der.integer(VERSION_3)),
                Der.integer(new BigInteger(SERIAL_BITS, new SecureRandom())),
                algorithm,
                issuer,
                Der.sequence(Der.time(now), Der.time(end)),
                subject,
                key.getPublic().getEncoded(),
                Der.explicit(3, extensions));
        Signature signature = Signature.getInstance(SIGNATURE);
        signature.initSign(issuerKey.getPrivate());
        signature.update(content);
        return Der.sequence(content, algorithm, Der.bits(signature.sign(), 0));
    }

    private static byte[] extension(String oid, boolean critical, byte[] value) {
        return critical
                ? Der.sequence(Der.oid(oid), Der.yes(), Der.octets(value))
                : Der.sequence(Der.oid(oid), Der.octets(value));
    }

    private static byte[] name(String oid1, String value1, String oid2, String value2) {
        return Der.sequence(
                Der.set(Der.sequence(Der.oid(oid1), Der.text(value1))),
                Der.set(Der.sequence(Der.oid(oid2), Der.text(value2))));
    }

    private static byte[] hostName(String host) {
        if (!ADDRESS.matcher(host).matches()) {
            return Der.implicit(DNS_NAME, host.getBytes(US_ASCII));
        }
        try {
            return Der.implicit(IP_ADDRESS, InetAddress.getByName(host).getAddress());
        } catch (UnknownHostException e) {
            throw FlynnException.invalid("\"%s\" is no address and no name".formatted(host));
        }
    }

    private static byte[] keyId(KeyPair key) throws NoSuchAlgorithmException {
        return Arrays.copyOf(
                MessageDigest.getInstance("SHA-256").digest(key.getPublic().getEncoded()), KEY_ID_BYTES);
    }

    private static byte[] parse(String what, String pem) {
        try {
            return CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(pem.getBytes(US_ASCII)))
                    .getEncoded();
        } catch (CertificateException e) {
            throw new FlynnException(
                    ErrorCode.VALIDATION, "%s is not a PEM certificate: %s".formatted(what, e.getMessage()), e);
        }
    }

    private static String pin(byte[] certificate) {
        try {
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-256").digest(certificate));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
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
