package dev.flynn.router.policy;

import dev.flynn.api.error.FlynnException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;
import org.bouncycastle.crypto.engines.XSalsa20Engine;
import org.bouncycastle.crypto.macs.Poly1305;
import org.bouncycastle.crypto.params.KeyParameter;
import org.bouncycastle.crypto.params.ParametersWithIV;

/** NaCl's {@code secretbox}: XSalsa20 and Poly1305, with the nonce in front of the box. Thread-safe. */
public final class SecretBox {

    public static final int KEY_BYTES = 32;

    private static final int NONCE_BYTES = 24;
    private static final int TAG_BYTES = 16;
    private static final int MAC_KEY_BYTES = 32;

    private final byte[] key;
    private final SecureRandom random = new SecureRandom();

    SecretBox(byte[] key) {
        if (key.length != KEY_BYTES) {
            throw FlynnException.invalid("the cookie key must have " + KEY_BYTES + " bytes, not " + key.length);
        }
        this.key = key.clone();
    }

    byte[] seal(byte[] message) {
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        return seal(message, nonce);
    }

    byte[] seal(byte[] message, byte[] nonce) {
        byte[] sealed = Arrays.copyOf(nonce, NONCE_BYTES + TAG_BYTES + message.length);
        XSalsa20Engine cipher = cipher(nonce);
        byte[] macKey = macKey(cipher);
        cipher.processBytes(message, 0, message.length, sealed, NONCE_BYTES + TAG_BYTES);
        mac(macKey, sealed, sealed, NONCE_BYTES);
        return sealed;
    }

    /** The message, unless the box was made with another key or changed. */
    Optional<byte[]> open(byte[] sealed) {
        int length = sealed.length - NONCE_BYTES - TAG_BYTES;
        if (length < 0) {
            return Optional.empty();
        }
        XSalsa20Engine cipher = cipher(Arrays.copyOf(sealed, NONCE_BYTES));
        byte[] expected = new byte[TAG_BYTES];
        mac(macKey(cipher), sealed, expected, 0);
        if (!MessageDigest.isEqual(expected, Arrays.copyOfRange(sealed, NONCE_BYTES, NONCE_BYTES + TAG_BYTES))) {
            return Optional.empty();
        }
        byte[] message = new byte[length];
        cipher.processBytes(sealed, NONCE_BYTES + TAG_BYTES, length, message, 0);
        return Optional.of(message);
    }

    private XSalsa20Engine cipher(byte[] nonce) {
        XSalsa20Engine cipher = new XSalsa20Engine();
        cipher.init(true, new ParametersWithIV(new KeyParameter(key), nonce));
        return cipher;
    }

    /** The first bytes of the key stream are the key of the authenticator. */
    private static byte[] macKey(XSalsa20Engine cipher) {
        byte[] macKey = new byte[MAC_KEY_BYTES];
        cipher.processBytes(macKey, 0, MAC_KEY_BYTES, macKey, 0);
        return macKey;
    }

    private static void mac(byte[] macKey, byte[] sealed, byte[] out, int offset) {
        Poly1305 mac = new Poly1305();
        mac.init(new KeyParameter(macKey));
        int start = NONCE_BYTES + TAG_BYTES;
        mac.update(sealed, start, sealed.length - start);
        mac.doFinal(out, offset);
    }
}
