package dev.flynn.router.nginx;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What a cookie says instead of an address: half of its keyed hash, so that nobody learns the address or makes one up. */
final class StickyTokens {

    private static final int BYTES = 16;

    private final Mac mac;

    StickyTokens(byte[] key) {
        try {
            mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    String of(String addr) {
        return HexFormat.of().formatHex(mac.doFinal(addr.getBytes(UTF_8)), 0, BYTES);
    }
}
