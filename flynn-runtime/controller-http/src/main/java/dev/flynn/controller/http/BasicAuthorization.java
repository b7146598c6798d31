package dev.flynn.controller.http;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** The header by which a key comes. */
final class BasicAuthorization {

    private static final String SCHEME = "Basic ";

    private BasicAuthorization() {}

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
