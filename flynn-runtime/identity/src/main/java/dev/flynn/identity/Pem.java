package dev.flynn.identity;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.flynn.api.error.FlynnException;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Keys and certificates as text (RFC 7468). Needs the JDK alone, because every start reads some. */
final class Pem {

    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z ]+)-----\\s([A-Za-z0-9+/=\\s]+)-----END \\1-----");

    private Pem() {}

    static String of(X509Certificate certificate) {
        try {
            return block("CERTIFICATE", certificate.getEncoded());
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a parsed certificate can be encoded", e);
        }
    }

    static String of(PrivateKey key) {
        return block("PRIVATE KEY", key.getEncoded());
    }

    static String ofRequest(byte[] der) {
        return block("CERTIFICATE REQUEST", der);
    }

    static byte[] request(String text) {
        List<byte[]> requests = blocks(text, "CERTIFICATE REQUEST");
        if (requests.size() != 1) {
            throw FlynnException.invalid("there must be one request for a certificate, there are " + requests.size());
        }
        return requests.get(0);
    }

    private static String block(String kind, byte[] der) {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(kind, text, kind);
    }

    /** The certificates of a text, in order; {@code VALIDATION} if there is none, or one is damaged. */
    static List<X509Certificate> certificates(String text) {
        List<X509Certificate> certificates = new ArrayList<>();
        for (byte[] der : blocks(text, "CERTIFICATE")) {
            try {
                certificates.add((X509Certificate)
                        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der)));
            } catch (GeneralSecurityException e) {
                throw FlynnException.invalid("a certificate is damaged: " + e.getMessage());
            }
        }
        if (certificates.isEmpty()) {
            throw FlynnException.invalid("there is no certificate");
        }
        return certificates;
    }

    static X509Certificate certificate(String text) {
        return certificates(text).get(0);
    }

    /** The private key of a text; {@code VALIDATION} if it is not that of the certificate. */
    static PrivateKey privateKey(String text, PublicKey belongsTo) {
        List<byte[]> keys = blocks(text, "PRIVATE KEY");
        if (keys.size() != 1) {
            throw FlynnException.invalid("there must be one private key, there are " + keys.size());
        }
        try {
            PrivateKey key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(keys.get(0)));
            if (!belongTogether(belongsTo, key)) {
                throw FlynnException.invalid("the private key is not that of the certificate");
            }
            return key;
        } catch (GeneralSecurityException e) {
            throw FlynnException.invalid("the private key is damaged: " + e.getMessage());
        }
    }

    private static boolean belongTogether(PublicKey publicKey, PrivateKey privateKey) throws GeneralSecurityException {
        byte[] probe = "probe".getBytes(US_ASCII);
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(privateKey);
        signature.update(probe);
        byte[] signed = signature.sign();
        signature.initVerify(publicKey);
        signature.update(probe);
        return signature.verify(signed);
    }

    private static List<byte[]> blocks(String text, String kind) {
        List<byte[]> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            if (matcher.group(1).equals(kind)) {
                try {
                    blocks.add(Base64.getMimeDecoder().decode(matcher.group(2)));
                } catch (IllegalArgumentException e) {
                    throw FlynnException.invalid(
                            "a %s is damaged: %s".formatted(kind.toLowerCase(java.util.Locale.ROOT), e.getMessage()));
                }
            }
        }
        return blocks;
    }
}
