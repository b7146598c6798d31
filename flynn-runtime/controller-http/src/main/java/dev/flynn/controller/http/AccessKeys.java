package dev.flynn.controller.http;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** The keys that open the API. Every comparison takes the same time, wherever keys differ and whichever matches. */
final class AccessKeys {

    private static final String SCHEME = "Basic ";

    private final List<byte[]> keys;

    AccessKeys(List<String> keys) {
        this.keys =
                keys.stream().map(key -> key.getBytes(StandardCharsets.UTF_8)).toList();
    }

    boolean accept(String offered) {
        byte[] bytes = offered.getBytes(StandardCharsets.UTF_8);
        boolean accepted = false;
        for (byte[] key : keys) {
            accepted |= MessageDigest.isEqual(key, bytes);
        }
        return accepted;
    }

    /** The password of an {@code Authorization} header; the scheme word is matched exactly, the user is ignored. */
    static Optional<String> password(String authorization) {
        if (!authorization.startsWith(SCHEME)) {
            return Optional.empty();
        }
        try {
            byte[] decoded = Base64.getDecoder()
                    .decode(authorization.substring(SCHEME.length()).trim());
            String userAndPassword = new String(decoded, StandardCharsets.UTF_8);
            int colon = userAndPassword.indexOf(':');
            return colon < 0 ? Optional.empty() : Optional.of(userAndPassword.substring(colon + 1));
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
    }
}
