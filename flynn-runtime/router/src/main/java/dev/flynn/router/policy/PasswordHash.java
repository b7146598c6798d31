package dev.flynn.router.policy;

import dev.flynn.api.route.RoutePolicy.Auth;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The hash that the passwords of a route are kept in. */
public record PasswordHash(String algorithm) {

    public static PasswordHash of(Auth auth) {
        return new PasswordHash(auth.isMd5() ? "MD5" : "SHA-256");
    }

    /** In lower-case hexadecimal digits. */
    public String of(String text) {
        return of(text, StandardCharsets.UTF_8);
    }

    /** Of a text that holds one byte in each character. */
    String ofBytes(String bytes) {
        return of(bytes, StandardCharsets.ISO_8859_1);
    }

    /** As long as any, and of nothing. */
    String ofNobody() {
        return "-".repeat(algorithm.equals("MD5") ? 32 : 64);
    }

    /** Takes as long for those that differ early as for those that differ late. */
    static boolean areEqual(String one, String other) {
        return MessageDigest.isEqual(
                one.getBytes(StandardCharsets.ISO_8859_1), other.getBytes(StandardCharsets.ISO_8859_1));
    }

    private String of(String text, Charset charset) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(text.getBytes(charset)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has " + algorithm, e);
        }
    }
}
