package dev.flynn.base;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** The way in which the platform's own services ask for a key: basic authentication, any user, the key as the password. */
public final class KeyPassword {

    private static final String SCHEME = "Basic ";

    private KeyPassword() {}

    /**
     * Whether a request may pass; in a time that does not tell how much of the key was right.
     *
     * @param authorization the field of the request, null if it has none
     * @param key that is asked for; nobody has an empty one
     */
    public static boolean isIn(@Nullable String authorization, String key) {
        if (authorization == null || key.isEmpty() || !authorization.startsWith(SCHEME)) {
            return false;
        }
        try {
            byte[] decoded = Base64.getDecoder().decode(authorization.substring(SCHEME.length()));
            String credentials = new String(decoded, StandardCharsets.UTF_8);
            byte[] password =
                    credentials.substring(credentials.indexOf(':') + 1).getBytes(StandardCharsets.UTF_8);
            return MessageDigest.isEqual(password, key.getBytes(StandardCharsets.UTF_8));
        } catch (IllegalArgumentException notBase64) {
            return false;
        }
    }

    /** What a client sends that has the key. */
    public static String authorization(String key) {
        return SCHEME + Base64.getEncoder().encodeToString((":" + key).getBytes(StandardCharsets.UTF_8));
    }
}
