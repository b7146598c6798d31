package dev.flynn.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** What is kept of a key: its SHA-256. Comparing two takes the same time wherever they differ. */
final class KeyDigest {

    private final byte[] bytes;

    private KeyDigest(byte[] bytes) {
        this.bytes = bytes;
    }

    static KeyDigest of(String key) {
        try {
            return new KeyDigest(MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    static KeyDigest parse(String text) {
        return new KeyDigest(Base64.getUrlDecoder().decode(text));
    }

    boolean matches(KeyDigest other) {
        return MessageDigest.isEqual(bytes, other.bytes);
    }

    /** As {@link #parse} reads it. */
    String text() {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Whoever can print it learns nothing. */
    @Override
    public String toString() {
        return "KeyDigest";
    }
}
