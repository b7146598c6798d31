package dev.flynn.base;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.FlynnException;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts what a store keeps and its readers must not know: AES-256-GCM (NIST SP 800-38D), with a random nonce each time.
 *
 * <p>What was sealed for one place opens nowhere else. One key is good for some billions of texts. Immutable.
 */
public final class SealingKey {

    public static final int BYTES = 32;

    private static final String FORMAT = "1.";
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;

    private final SecretKeySpec key;
    private final SecureRandom random = new SecureRandom();

    private SealingKey(byte[] key) {
        this.key = new SecretKeySpec(key, "AES");
    }

    /** @throws FlynnException {@code VALIDATION} if there are not 32 bytes */
    public static SealingKey of(byte[] key) {
        if (key.length != BYTES) {
            throw FlynnException.invalid("a sealing key has %d bytes, this one has %d".formatted(BYTES, key.length));
        }
        return new SealingKey(key.clone());
    }

    /** A new one. */
    public static SealingKey random() {
        byte[] key = new byte[BYTES];
        new SecureRandom().nextBytes(key);
        return new SealingKey(key);
    }

    /** To be kept secret. */
    public byte[] bytes() {
        return key.getEncoded();
    }

    /** @param place where it is kept: the key of the record */
    public String seal(String place, String text) {
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        try {
            byte[] sealed = cipher(Cipher.ENCRYPT_MODE, nonce, place).doFinal(text.getBytes(UTF_8));
            byte[] all = Arrays.copyOf(nonce, nonce.length + sealed.length);
            System.arraycopy(sealed, 0, all, nonce.length, sealed.length);
            return FORMAT + Base64.getEncoder().encodeToString(all);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has AES-GCM", e);
        }
    }

    /** @throws FlynnException {@code VALIDATION} if it was sealed with another key, for another place, or was changed */
    public String open(String place, String sealed) {
        if (sealed.startsWith(FORMAT)) {
            try {
                byte[] all = Base64.getDecoder().decode(sealed.substring(FORMAT.length()));
                if (all.length >= NONCE_BYTES) {
                    byte[] nonce = Arrays.copyOf(all, NONCE_BYTES);
                    Cipher cipher = cipher(Cipher.DECRYPT_MODE, nonce, place);
                    return new String(cipher.doFinal(all, NONCE_BYTES, all.length - NONCE_BYTES), UTF_8);
                }
            } catch (AEADBadTagException | IllegalArgumentException e) {
                throw unreadable(place);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("every JDK has AES-GCM", e);
            }
        }
        throw unreadable(place);
    }

    /** Whether it was sealed with this key for this place. */
    public boolean opens(String place, String sealed) {
        try {
            var unused = open(place, sealed);
            return true;
        } catch (FlynnException unreadable) {
            return false;
        }
    }

    private static FlynnException unreadable(String place) {
        return FlynnException.invalid(
                "what is kept encrypted at %s cannot be read: it was written with another sealing key, or changed"
                        .formatted(place));
    }

    private Cipher cipher(int mode, byte[] nonce, String place) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(place.getBytes(UTF_8));
        return cipher;
    }

    @Override
    public String toString() {
        return "SealingKey[***]";
    }
}
