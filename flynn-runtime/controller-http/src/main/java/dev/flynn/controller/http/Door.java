package dev.flynn.controller.http;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.auth.Authenticator;
import dev.flynn.spi.auth.Principal;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Decides what becomes of a request before an endpoint sees it (contract: controller, Transport): CORS, {@code /ping}, the
 * key, unknown paths and redirects. It knows no server; whoever serves acts as it says.
 */
final class Door {

    /** A percent sign that no two hexadecimal digits follow, or a character that a path must escape. */
    private static final Pattern BAD_ESCAPE = Pattern.compile("%(?![0-9a-fA-F]{2})|[^!-~]|[\"<>\\\\^`{|}\\[\\]]");

    /** Of which most paths are, and nothing else: nothing is wrong with them. */
    private static final String PLAIN = "/-_.~";

    /** The page of {@link Unknown}. */
    static final String NOT_FOUND = "404 page not found\n";

    private static final String EVENT_STREAM = "text/event-stream";

    private final Authenticator authenticator;
    private final Confines confines;
    private final PathTable paths;
    private final Addresses addresses;
    private final Predicate<String> barred;

    /** @param barred the addresses whose keys are not looked at */
    Door(
            Authenticator authenticator,
            Confines confines,
            PathTable paths,
            Addresses addresses,
            Predicate<String> barred) {
        this.authenticator = authenticator;
        this.confines = confines;
        this.paths = paths;
        this.addresses = addresses;
        this.barred = barred;
    }

    /** What becomes of a request. */
    sealed interface Outcome permits Greeted, Stranger, Unknown, Moved, Refused, Admitted {}

    /** A preflight or a ping: an empty 200. */
    record Greeted() implements Outcome {}

    /**
     * No valid key: an empty 401.
     *
     * @param failed whether a key was looked at, and was wrong
     */
    record Stranger(boolean failed, String remote) implements Outcome {}

    /** Nothing is there: a plain 404. */
    record Unknown() implements Outcome {}

    /** @param location a path and a query, below the place where the API is mounted */
    record Moved(int status, String location) implements Outcome {}

    /** A valid key that is not for this. */
    record Refused(Visit visit, FlynnException why) implements Outcome {}

    /** An endpoint's turn. */
    record Admitted(Visit visit) implements Outcome {}

    Outcome decide(RequestHead request) {
        if (isPreflight(request) || request.path().equals("/ping")) {
            return new Greeted();
        }
        String remote = addresses.of(request);
        String key = key(request);
        if (key.isEmpty() || barred.test(remote)) {
            return new Stranger(false, remote);
        }
        Optional<Principal> principal = authenticator.authenticate(key);
        return principal.map(known -> decide(request, known, remote)).orElseGet(() -> new Stranger(true, remote));
    }

    private Outcome decide(RequestHead request, Principal principal, String remote) {
        String path = request.path();
        Optional<PathTable.Found> found =
                !isPlain(path) && BAD_ESCAPE.matcher(path).find()
                        ? Optional.empty()
                        : paths.find(request.method(), path);
        if (found.isEmpty()) {
            return new Unknown();
        }
        if (!found.get().path().equals(path)) {
            String query = request.query();
            String location = found.get().path() + (query.isEmpty() ? "" : "?" + query);
            return new Moved(request.method().equals("GET") ? 301 : 307, location);
        }
        var visit = new Visit(principal, request.header(Visit.ON_BEHALF_OF), found.get(), remote);
        try {
            visit.requirePermission();
            confines.requirePath(principal, found.get());
            return new Admitted(visit);
        } catch (FlynnException e) {
            return new Refused(visit, e);
        }
    }

    private static boolean isPlain(String path) {
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (!(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || PLAIN.indexOf(c) >= 0)) {
                return false;
            }
        }
        return true;
    }

    /** Headers for answers to pages of other origins; none for other requests. */
    static Map<String, String> crossOriginHeaders(RequestHead request) {
        return origin(request)
                .map(origin -> Map.of(
                        "Access-Control-Allow-Origin", origin,
                        "Access-Control-Allow-Credentials", "true",
                        "Access-Control-Allow-Methods", "GET,POST,PUT,PATCH,DELETE,HEAD",
                        "Access-Control-Allow-Headers", "Authorization,Accept,Content-Type,If-Match,If-None-Match",
                        "Access-Control-Expose-Headers", "ETag,Content-Disposition",
                        "Access-Control-Max-Age", "3600"))
                .orElse(Map.of());
    }

    private static boolean isPreflight(RequestHead request) {
        return request.method().equals("OPTIONS") && origin(request).isPresent();
    }

    private static Optional<String> origin(RequestHead request) {
        return request.header("Origin").filter(origin -> !origin.isEmpty());
    }

    /** The key that a request came with; empty if it came without. */
    private static String key(RequestHead request) {
        String password = request.header("Authorization")
                .flatMap(BasicAuthorization::password)
                .orElse("");
        if (password.isEmpty() && (wantsEventStream(request) || request.path().equals("/backup"))) {
            return request.parameter("key").orElse("");
        }
        return password;
    }

    private static boolean wantsEventStream(RequestHead request) {
        return request.header("Accept").orElse("").contains(EVENT_STREAM);
    }
}
