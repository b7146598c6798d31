package dev.flynn.router.tls;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.router.RouteTable;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import java.io.ByteArrayInputStream;
import java.io.IOException;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates as TLS needs them; keys of PKCS#8 and of the kinds that OpenSSL wrote before it. */
public final class ServerCertificates {

    /** RFC 7468, section 10. */
    private static final Pattern PKCS8 =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]*)-----END PRIVATE KEY-----");

    private ServerCertificates() {}

    /** @throws FlynnException {@code VALIDATION} if the texts are not a chain and the key of its leaf */
    public static SslContext load(RouteTable.Certificate certificate, TlsEngine engine) {
        try {
            X509Certificate[] chain = chain(certificate.chain());
            if (chain.length == 0) {
                throw FlynnException.invalid("Certificate invalid: the chain has no certificate");
            }
            PublicKey publicKey = chain[0].getPublicKey();
            PrivateKey key = key(certificate.key(), publicKey.getAlgorithm());
            if (!belongTogether(publicKey, key)) {
                throw notItsKey();
            }
            return engine.context(chain, key, ApplicationProtocolNames.HTTP_2, ApplicationProtocolNames.HTTP_1_1);
        } catch (GeneralSecurityException | IOException e) {
            throw FlynnException.invalid(
                    "Certificate invalid: chain and key must be PEM texts (" + e.getMessage() + ")");
        }
    }

    private static X509Certificate[] chain(String pem) throws GeneralSecurityException {
        return CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(pem.strip().getBytes(StandardCharsets.US_ASCII)))
                .toArray(X509Certificate[]::new);
    }

    private static PrivateKey key(String pem, String algorithm) throws GeneralSecurityException, IOException {
        Matcher pkcs8 = PKCS8.matcher(pem);
        byte[] encoded = pkcs8.find()
                ? Base64.getMimeDecoder().decode(pkcs8.group(1))
                : OpenSslKeys.toPkcs8(pem)
                        .orElseThrow(() -> FlynnException.invalid(
                                "Certificate invalid: the key's text has no unencrypted private key"));
        try {
            return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
        } catch (InvalidKeySpecException otherAlgorithm) {
            throw notItsKey();
        }
    }

    private static FlynnException notItsKey() {
        return FlynnException.invalid("Certificate invalid: the private key is not that of the first certificate");
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
