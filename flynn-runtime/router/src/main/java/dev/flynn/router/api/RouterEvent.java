package dev.flynn.router.api;

import dev.flynn.api.route.Route;
import java.util.Optional;

/**
 * Something that this router has done: a change of its routes that it has applied, or a backend that came or went.
 *
 * @param event its type, one of the constants
 * @param route of {@link #SET} and {@link #REMOVE}, without secrets
 * @param backend of the other ones
 * @param error why the route does not serve as it says, if it does not
 */
public record RouterEvent(
        String event, Optional<Route> route, Optional<RouterBackend> backend, Optional<String> error) {

    public static final String SET = "set";
    public static final String REMOVE = "remove";
    public static final String BACKEND_UP = "backend-up";
    public static final String BACKEND_DOWN = "backend-down";
    public static final String BACKEND_DRAINED = "backend-drained";

    /** A route is served from now on, or differently, unless the error says why not. */
    public static RouterEvent set(Route route, Optional<String> error) {
        return new RouterEvent(SET, Optional.of(route.withoutSecrets()), Optional.empty(), error);
    }

    /** A route is not served any more. */
    public static RouterEvent remove(Route route) {
        return new RouterEvent(REMOVE, Optional.of(route.withoutSecrets()), Optional.empty(), Optional.empty());
    }

    public static RouterEvent up(RouterBackend backend) {
        return of(BACKEND_UP, backend);
    }

    /** No new requests go there. */
    public static RouterEvent down(RouterBackend backend) {
        return of(BACKEND_DOWN, backend);
    }

    /** The last request that went there is over. */
    public static RouterEvent drained(RouterBackend backend) {
        return of(BACKEND_DRAINED, backend);
    }

    private static RouterEvent of(String type, RouterBackend backend) {
        return new RouterEvent(type, Optional.empty(), Optional.of(backend), Optional.empty());
    }
}
