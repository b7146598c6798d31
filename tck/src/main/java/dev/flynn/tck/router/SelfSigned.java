package dev.flynn.tck.router;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.spi.router.RouteTable.Certificate;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Base64;

/** Certificates that sign themselves, in DER by hand (RFC 5280, section 4.1), because the JDK has no API to make one. */
final class SelfSigned {

    private static final int SEQUENCE = 0x30;
    private static final int SET = 0x31;
    private static final int INTEGER = 0x02;
    private static final int BIT_STRING = 0x03;
    private static final int UTF8_STRING = 0x0c;
    private static final int UTC_TIME = 0x17;

    /** 1.2.840.10045.4.3.2 */
    private static final byte[] ECDSA_WITH_SHA256 =
            der(SEQUENCE, new byte[] {0x06, 0x08, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x04, 0x03, 0x02});

    /** 2.5.4.3 */
    private static final byte[] COMMON_NAME = {0x06, 0x03, 0x55, 0x04, 0x03};

    private SelfSigned() {}

    /** A certificate of this name, and its key in PKCS#8. */
    static Certificate named(String commonName) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            KeyPair keys = generator.generateKeyPair();
            return new Certificate(
                    pem("CERTIFICATE", certificate(commonName, keys)),
                    pem("PRIVATE KEY", keys.getPrivate().getEncoded()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] certificate(String commonName, KeyPair keys) throws GeneralSecurityException {
        byte[] name =
                der(SEQUENCE, der(SET, der(SEQUENCE, join(COMMON_NAME, der(UTF8_STRING, commonName.getBytes(UTF_8))))));
        Instant now = Instant.now();
        byte[] validity = der(SEQUENCE, join(time(now.minus(1, ChronoUnit.DAYS)), time(now.plus(1, ChronoUnit.DAYS))));
        byte[] serial = der(INTEGER, BigInteger.valueOf(now.toEpochMilli()).toByteArray());
        byte[] toSign = der(
                SEQUENCE,
                join(
                        serial,
                        ECDSA_WITH_SHA256,
                        name,
                        validity,
                        name,
                        keys.getPublic().getEncoded()));
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(keys.getPrivate());
        signature.update(toSign);
        return der(SEQUENCE, join(toSign, ECDSA_WITH_SHA256, der(BIT_STRING, join(new byte[1], signature.sign()))));
    }

    private static byte[] time(Instant instant) {
        String text = DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").format(instant.atZone(ZoneOffset.UTC));
        return der(UTC_TIME, text.getBytes(UTF_8));
    }

    private static byte[] der(int tag, byte[] content) {
        var out = new ByteArrayOutputStream();
        out.write(tag);
        if (content.length < 0x80) {
            out.write(content.length);
        } else if (content.length < 0x100) {
            out.write(0x81);
            out.write(content.length);
        } else {
            out.write(0x82);
            out.write(content.length >> 8);
            out.write(content.length);
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static byte[] join(byte[]... parts) {
        var out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    private static String pem(String type, byte[] der) {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(type, base64, type);
    }
}
