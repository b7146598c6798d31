package dev.flynn.router.policy;

import dev.flynn.router.message.Ascii;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.function.LongSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The nonces of digest authentication (RFC 7616, section 3.3): the time they were made and some random bytes, signed, so that
 * every router with the same key knows them as its own without having kept any. What was used with them is remembered by each
 * router for itself. Thread-safe.
 */
public final class Nonces {

    /** For so long a nonce is good, counted from when it was made. */
    public static final Duration LIFETIME = Duration.ofMinutes(5);

    private static final String ALGORITHM = "HmacSHA256";
    private static final byte[] PURPOSE = Ascii.bytes("flynn-router digest nonces");
    private static final int TIME_BYTES = Long.BYTES;
    private static final int RANDOM_BYTES = 8;
    private static final int SIGNATURE_BYTES = 16;
    private static final int MAX_REMEMBERED = 65_536;

    private final SecretKeySpec key;
    private final LongSupplier clock;
    private final SecureRandom random = new SecureRandom();
    private final NonceUses uses = new NonceUses(MAX_REMEMBERED);

    /** @param clock Unix time in milliseconds */
    public Nonces(byte[] cookieKey, LongSupplier clock) {
        this.key = new SecretKeySpec(sign(new SecretKeySpec(cookieKey, ALGORITHM), PURPOSE), ALGORITHM);
        this.clock = clock;
    }

    /** A fresh one. */
    public String next(String realm) {
        byte[] unique = new byte[RANDOM_BYTES];
        random.nextBytes(unique);
        byte[] content = ByteBuffer.allocate(TIME_BYTES + RANDOM_BYTES)
                .putLong(clock.getAsLong())
                .put(unique)
                .array();
        byte[] nonce = Arrays.copyOf(content, content.length + SIGNATURE_BYTES);
        System.arraycopy(signature(content, realm), 0, nonce, content.length, SIGNATURE_BYTES);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(nonce);
    }

    /**
     * Whether the nonce is one of these routers', not too old, and was not used with this count before, which it counts as
     * from now on.
     */
    boolean use(String nonce, String realm, long count) {
        Optional<Long> madeAt = madeAt(nonce, realm);
        if (madeAt.isEmpty()) {
            return false;
        }
        // the clocks of routers differ
        long age = Math.abs(clock.getAsLong() - madeAt.get());
        return age <= LIFETIME.toMillis() && uses.use(nonce, madeAt.get(), count);
    }

    private Optional<Long> madeAt(String nonce, String realm) {
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(nonce);
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
        if (bytes.length != TIME_BYTES + RANDOM_BYTES + SIGNATURE_BYTES) {
            return Optional.empty();
        }
        byte[] content = Arrays.copyOf(bytes, TIME_BYTES + RANDOM_BYTES);
        byte[] signature = Arrays.copyOfRange(bytes, content.length, bytes.length);
        return MessageDigest.isEqual(signature, signature(content, realm))
                ? Optional.of(ByteBuffer.wrap(content).getLong())
                : Optional.empty();
    }

    private byte[] signature(byte[] content, String realm) {
        return Arrays.copyOf(sign(key, content, realm.getBytes(StandardCharsets.UTF_8)), SIGNATURE_BYTES);
    }

    private static byte[] sign(SecretKeySpec key, byte[]... parts) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            for (byte[] part : parts) {
                mac.update(part);
            }
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has " + ALGORITHM, e);
        }
    }
}
