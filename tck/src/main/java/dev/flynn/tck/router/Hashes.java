package dev.flynn.tck.router;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Hashes of texts in lower-case hexadecimal digits, as HTTP's digests have them. */
final class Hashes {

    private Hashes() {}

    static String sha256(String text) {
        return of("SHA-256", text);
    }

    static String md5(String text) {
        return of("MD5", text);
    }

    private static String of(String algorithm, String text) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(text.getBytes(UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
