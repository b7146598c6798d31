package dev.flynn.router.policy;

import dev.flynn.api.route.RoutePolicy.Auth;
import dev.flynn.router.message.Head;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** Passwords as RFC 7617 has them, compared with the hashes of a route's users. */
final class BasicAuth implements PasswordAuth {

    private static final String SCHEME = "Basic ";

    private final Auth auth;
    private final PasswordHash hash;

    BasicAuth(Auth auth) {
        this.auth = auth;
        this.hash = PasswordHash.of(auth);
    }

    @Override
    public Optional<String> refuses(Head head) {
        boolean admitted = AuthParameters.field(head).filter(this::admits).isPresent();
        return admitted
                ? Optional.empty()
                : Optional.of("WWW-Authenticate: Basic realm=\"" + auth.realm() + "\", charset=\"UTF-8\"\r\n");
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
        String given = hash.of(user + ":" + auth.realm() + credentials.substring(colon));
        return PasswordHash.areEqual(given, auth.users().getOrDefault(user, hash.ofNobody()));
    }
}
