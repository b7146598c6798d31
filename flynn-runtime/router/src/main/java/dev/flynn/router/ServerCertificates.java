package dev.flynn.router;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.router.RouteTable;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
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
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;

/** Certificates as TLS needs them; keys of PKCS#8 and of the kinds that OpenSSL wrote before it. */
final class ServerCertificates {

    private ServerCertificates() {}

    /** @throws FlynnException {@code VALIDATION} if the texts are not a chain and the key of its leaf */
    static SslContext load(RouteTable.Certificate certificate) {
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
            return SslContextBuilder.forServer(key, chain)
                    .sslProvider(SslProvider.JDK)
                    .protocols("TLSv1.3", "TLSv1.2")
                    .build();
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
        try (PEMParser parser = new PEMParser(new StringReader(pem))) {
            for (Object found = parser.readObject(); found != null; found = parser.readObject()) {
                if (found instanceof PrivateKeyInfo info) {
                    return key(info, algorithm);
                }
                if (found instanceof PEMKeyPair pair) {
                    return key(pair.getPrivateKeyInfo(), algorithm);
                }
            }
        }
        throw FlynnException.invalid("Certificate invalid: the key's text has no unencrypted private key");
    }

    private static PrivateKey key(PrivateKeyInfo info, String algorithm) throws GeneralSecurityException, IOException {
        try {
            return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(info.getEncoded()));
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
