package dev.flynn.router.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.handler.ssl.OpenSslSessionTicketKey;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The keys of session tickets (RFC 5077), the same on all routers with the same secret, and others every twelve hours. Tickets
 * are good for twelve hours at least. Whoever has the secret can derive all of them. Immutable.
 */
public final class TicketKeys {

    /** A key is used for new tickets for so long, and understood for as long again. */
    public static final Duration GOOD_FOR = Duration.ofHours(12);

    private static final String HMAC = "HmacSHA512";

    private final byte[] secret;

    public TicketKeys(byte[] secret) {
        this.secret = secret.clone();
    }

    /** The one for new tickets, the one before, and the next one, for routers whose clock is ahead. */
    public OpenSslSessionTicketKey[] at(Instant now) {
        long period = now.getEpochSecond() / GOOD_FOR.toSeconds();
        return new OpenSslSessionTicketKey[] {key(period), key(period - 1), key(period + 1)};
    }

    /** The next moment from which {@link #at} has another answer. */
    public static Instant changeAfter(Instant now) {
        return Instant.ofEpochSecond((now.getEpochSecond() / GOOD_FOR.toSeconds() + 1) * GOOD_FOR.toSeconds());
    }

    private OpenSslSessionTicketKey key(long period) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(secret, HMAC));
            byte[] derived = mac.doFinal(("flynn router, session tickets, " + period).getBytes(US_ASCII));
            int hmacStart = OpenSslSessionTicketKey.NAME_SIZE;
            int aesStart = hmacStart + OpenSslSessionTicketKey.HMAC_KEY_SIZE;
            return new OpenSslSessionTicketKey(
                    Arrays.copyOf(derived, hmacStart),
                    Arrays.copyOfRange(derived, hmacStart, aesStart),
                    Arrays.copyOfRange(derived, aesStart, aesStart + OpenSslSessionTicketKey.AES_KEY_SIZE));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HMAC-SHA512", e);
        }
    }
}
