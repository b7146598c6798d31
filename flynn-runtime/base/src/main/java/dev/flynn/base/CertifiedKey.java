package dev.flynn.base;

import dev.flynn.api.error.FlynnException;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A chain of certificates and the private key of its first one, read from PEM texts.
 *
 * <p>Keys are of PKCS#8, or of the kinds that OpenSSL wrote before it: PKCS#1 (RFC 8017, appendix A.1.2) and SEC 1 (RFC 5915).
 *
 * @param chain at least one certificate; the first one is the server's own
 */
public record CertifiedKey(List<X509Certificate> chain, PrivateKey key) {

    /** RFC 7468, section 10; a key that is encrypted has another label, or header lines. */
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----([A-Za-z0-9+/=\\s]*)-----END \\1-----");

    private static final String PKCS8 = "PRIVATE KEY";

    public CertifiedKey {
        chain = List.copyOf(chain);
    }

    /**
     * Reads the texts.
     *
     * @throws FlynnException {@code VALIDATION} if they are not a chain and the key of its first certificate
     */
    public static CertifiedKey of(String chainPem, String keyPem) {
        try {
            List<X509Certificate> chain = chain(chainPem);
            if (chain.isEmpty()) {
                throw FlynnException.invalid("the chain has no certificate");
            }
            PublicKey publicKey = chain.get(0).getPublicKey();
            PrivateKey key = key(keyPem, publicKey);
            if (!belongTogether(publicKey, key)) {
                throw notItsKey();
            }
            return new CertifiedKey(chain, key);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw FlynnException.invalid("chain and key must be PEM texts (" + e.getMessage() + ")");
        }
    }

    private static List<X509Certificate> chain(String pem) throws GeneralSecurityException {
        return CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(pem.strip().getBytes(StandardCharsets.US_ASCII)))
                .stream()
                .map(X509Certificate.class::cast)
                .toList();
    }

    private static PrivateKey key(String pem, PublicKey publicKey) throws GeneralSecurityException {
        Matcher found = KEY.matcher(pem);
        if (!found.find()) {
            throw FlynnException.invalid("the key's text has no unencrypted private key");
        }
        byte[] encoded = Base64.getMimeDecoder().decode(found.group(2));
        byte[] pkcs8 = found.group(1).equals(PKCS8) ? encoded : toPkcs8(encoded, publicKey);
        try {
            return KeyFactory.getInstance(publicKey.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        } catch (InvalidKeySpecException otherAlgorithm) {
            throw notItsKey();
        }
    }

    /** RFC 5208, section 5: the algorithm, which a key and its certificate have in common, stands beside the key. */
    private static byte[] toPkcs8(byte[] key, PublicKey publicKey) {
        byte[] algorithm = Der.firstOf(publicKey.getEncoded());
        return Der.sequence(Der.integer(BigInteger.ZERO), algorithm, Der.octets(key));
    }

    private static FlynnException notItsKey() {
        return FlynnException.invalid("the private key is not that of the first certificate");
    }

    private static boolean belongTogether(PublicKey publicKey, PrivateKey privateKey) throws GeneralSecurityException {
        Signature signature = Signature.getInstance(
                switch (privateKey.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    default -> privateKey.getAlgorithm();
                });
        byte[] probe = {1, 2, 3};
        signature.initSign(privateKey);
        signature.update(probe);
        byte[] signed = signature.sign();
        signature.initVerify(publicKey);
        signature.update(probe);
        return signature.verify(signed);
    }
}
