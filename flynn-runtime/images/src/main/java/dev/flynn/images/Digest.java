package dev.flynn.images;

import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * What names a blob: the SHA-256 of its bytes.
 *
 * @param hex 64 lower case digits, so that it is safe as a file name
 */
record Digest(String hex) {

    private static final String ALGORITHM = "sha256:";
    private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

    Digest {
        if (!isHex(hex)) {
            throw new IllegalArgumentException("not a SHA-256 digest: " + hex);
        }
    }

    static boolean isHex(String text) {
        return HEX.matcher(text).matches();
    }

    /** @throws IOException for what is no digest, or one of another algorithm: it stands in a manifest that we were sent */
    static Digest parse(String text) throws IOException {
        if (!text.startsWith(ALGORITHM) || !isHex(text.substring(ALGORITHM.length()))) {
            throw new IOException("\"%s\" is not a digest of the form sha256:<64 hex digits>".formatted(text));
        }
        return new Digest(text.substring(ALGORITHM.length()));
    }

    static Digest of(byte[] content) {
        return new Digest(HexFormat.of().formatHex(sha256().digest(content)));
    }

    /** The digest that a calculation ended with. */
    static Digest from(MessageDigest calculation) {
        return new Digest(HexFormat.of().formatHex(calculation.digest()));
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** @throws IOException naming {@code what} unless this is the digest that was expected */
    void require(Digest expected, String what) throws IOException {
        if (!equals(expected)) {
            throw new IOException(
                    "%s is damaged or forged: its digest is %s and should be %s".formatted(what, this, expected));
        }
    }

    @Override
    public String toString() {
        return ALGORITHM + hex;
    }
}
