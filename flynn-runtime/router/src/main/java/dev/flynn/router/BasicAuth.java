package dev.flynn.router;

import dev.flynn.api.route.RoutePolicy.Auth;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;

/** Passwords as RFC 7617 has them, compared with the hashes of a route's users. */
final class BasicAuth {

    private static final byte[] AUTHORIZATION = Ascii.bytes("authorization");
    private static final String SCHEME = "Basic ";

    private final Auth auth;
    private final String algorithm;
    private final String nobody;

    BasicAuth(Auth auth) {
        this.auth = auth;
        this.algorithm = auth.isMd5() ? "MD5" : "SHA-256";
        this.nobody = "-".repeat(auth.users().values().iterator().next().length());
    }

    /** Whether the request carries the name and the password of a user; with two such fields it carries none. */
    boolean admits(Head head) {
        int found = -1;
        for (int i = 0; i < head.fieldCount(); i++) {
            if (head.nameIs(i, AUTHORIZATION)) {
                if (found >= 0) {
                    return false;
                }
                found = i;
            }
        }
        return found >= 0 && admits(head.value(found));
    }

    private boolean admits(String field) {
        if (!field.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return false;
        }
        String credentials;
        try {
            byte[] decoded =
                    Base64.getDecoder().decode(field.substring(SCHEME.length()).strip());
            credentials = new String(decoded, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException notBase64) {
            return false;
        }
        int colon = credentials.indexOf(':');
        if (colon < 0) {
            return false;
        }
        String user = credentials.substring(0, colon);
        String hash = hash(user + ":" + auth.realm() + credentials.substring(colon));
        String expected = auth.users().getOrDefault(user, nobody);
        return MessageDigest.isEqual(Ascii.bytes(hash), Ascii.bytes(expected));
    }

    private String hash(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance(algorithm).digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has " + algorithm, e);
        }
    }

    String challenge() {
        return "WWW-Authenticate: Basic realm=\"" + auth.realm() + "\", charset=\"UTF-8\"\r\n";
    }
}
