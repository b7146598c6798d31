package dev.flynn.router.policy;

import dev.flynn.api.route.RoutePolicy.Auth;
import dev.flynn.router.message.Ascii;
import dev.flynn.router.message.Head;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Passwords as RFC 7616 has them, with {@code qop=auth}: the client proves that it knows the password, which does not travel. The
 * hashes of a route's users are what the RFC calls {@code H(A1)}.
 */
final class DigestAuth implements PasswordAuth {

    private static final String SCHEME = "Digest";
    private static final Pattern COUNT = Pattern.compile("[0-9a-fA-F]{8}");
    private static final String EXTENDED = "utf-8''";

    private final Auth auth;
    private final Nonces nonces;
    private final PasswordHash hash;

    DigestAuth(Auth auth, Nonces nonces) {
        this.auth = auth;
        this.nonces = nonces;
        this.hash = PasswordHash.of(auth);
    }

    @Override
    public Optional<String> refuses(Head head) {
        Optional<Map<String, String>> parameters =
                AuthParameters.field(head).flatMap(field -> AuthParameters.of(SCHEME, field));
        if (parameters.isEmpty() || !proves(parameters.get(), head)) {
            return Optional.of(challenge(""));
        }
        long count = Long.parseLong(parameters.get().getOrDefault("nc", ""), 16);
        boolean isNew = nonces.use(parameters.get().getOrDefault("nonce", ""), auth.realm(), count);
        return isNew ? Optional.empty() : Optional.of(challenge(", stale=true"));
    }

    /** Whether who wrote this knows the password of a user; perhaps they have said so before. */
    private boolean proves(Map<String, String> parameters, Head head) {
        String target = Ascii.string(head.bytes(), head.targetStart(), head.targetEnd());
        String count = parameters.getOrDefault("nc", "");
        boolean isAsked = parameters.getOrDefault("qop", "").equals("auth")
                && parameters.getOrDefault("algorithm", "MD5").equalsIgnoreCase(hash.algorithm())
                && utf8(parameters.getOrDefault("realm", "")).equals(auth.realm())
                && parameters.getOrDefault("uri", "").equals(target)
                && COUNT.matcher(count).matches();
        Optional<String> user = user(parameters);
        if (!isAsked || user.isEmpty()) {
            return false;
        }
        String method = Ascii.string(head.bytes(), 0, head.methodEnd());
        String expected = hash.ofBytes(String.join(
                ":",
                auth.users().getOrDefault(user.get(), hash.ofNobody()),
                parameters.getOrDefault("nonce", ""),
                count,
                parameters.getOrDefault("cnonce", ""),
                "auth",
                hash.ofBytes(method + ":" + target)));
        String response = parameters.getOrDefault("response", "").toLowerCase(Locale.ROOT);
        return PasswordHash.areEqual(expected, response) && auth.users().containsKey(user.get());
    }

    /** In one of two forms, of which the second one tells its characters (RFC 7616, section 3.4; RFC 8187). */
    private static Optional<String> user(Map<String, String> parameters) {
        String plain = parameters.get("username");
        String extended = parameters.get("username*");
        if (plain != null) {
            return extended == null ? Optional.of(utf8(plain)) : Optional.empty();
        }
        if (extended == null || !extended.toLowerCase(Locale.ROOT).startsWith(EXTENDED)) {
            return Optional.empty();
        }
        try {
            String encoded = extended.substring(EXTENDED.length()).replace("+", "%2B");
            return Optional.of(URLDecoder.decode(encoded, StandardCharsets.UTF_8));
        } catch (IllegalArgumentException malformed) {
            return Optional.empty();
        }
    }

    /** Heads are read byte by byte. */
    private static String utf8(String bytes) {
        return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    private String challenge(String more) {
        return "WWW-Authenticate: Digest realm=\"%s\", qop=\"auth\", algorithm=%s, nonce=\"%s\", charset=UTF-8%s\r\n"
                .formatted(auth.realm(), hash.algorithm(), nonces.next(auth.realm()), more);
    }
}
