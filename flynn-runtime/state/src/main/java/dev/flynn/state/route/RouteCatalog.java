package dev.flynn.state.route;

import static dev.flynn.state.route.RouteRules.ROOT;

import dev.flynn.api.certificate.DomainCertificate;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.Ids;
import dev.flynn.api.route.Route;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import dev.flynn.state.acme.AcmeState;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Routes (contract: layer 1, Store rules). Index keys in the store make a domain and path unique, and keep a domain's root
 * while other paths of it exist, against concurrent writers too; so they do for the port of a TCP route.
 *
 * <p>Each route has an owner, its {@code parent_ref}. Callers that act for an app see that app's routes only; the router's own
 * API sees all.
 */
public final class RouteCatalog {

    private static final String APP_OWNER = "controller/apps/";

    /** The ports that are given out, both ends included. */
    private static final int FIRST_PORT = 3000;

    private static final int LAST_PORT = 3500;

    private final ClusterState state;
    private final AcmeState acme;
    private final int firstPort;
    private final int lastPort;

    public RouteCatalog(ClusterState state) {
        this(state, FIRST_PORT, LAST_PORT);
    }

    /**
     * @param firstPort of those that are given to TCP routes that ask for any
     * @param lastPort likewise
     */
    public RouteCatalog(ClusterState state, int firstPort, int lastPort) {
        this.state = state;
        this.acme = new AcmeState(state);
        this.firstPort = firstPort;
        this.lastPort = lastPort;
    }

    public Route create(AppId app, NewRoute request) {
        return create(parentRef(app), request);
    }

    /**
     * @throws Refused if there is such a route, or the path's root is missing
     * @throws FlynnException {@code VALIDATION} naming the field that is wrong
     */
    public Route create(String parentRef, NewRoute request) {
        while (true) {
            Transaction.Builder transaction = Transaction.builder();
            Route route = add(transaction, parentRef, request);
            if (state.commit(transaction).committed()) {
                return route;
            }
        }
    }

    /** Adds: this route exists; the transaction holds only if its domain and path, or its port, are free then. */
    public Route add(Transaction.Builder transaction, AppId app, NewRoute request) {
        return add(transaction, parentRef(app), request);
    }

    private Route add(Transaction.Builder transaction, String parentRef, NewRoute request) {
        Route route = newRoute(parentRef, request);
        String key = key(route);
        // a port that was chosen here and is taken by now is no mistake of the caller's: the commit fails, and another
        // is chosen
        boolean isAsked = request.type().equals(Route.HTTP) || RouteRules.port(request) > 0;
        if (isAsked && state.store().get(key).isPresent()) {
            throw new Refused(FlynnException.conflict("Duplicate route"), route.withoutSecrets());
        }
        if (RouteRules.isBelowRoot(route)) {
            holdRoot(transaction, route);
        }
        transaction.whenAbsent(key).put(key, route.id().toString());
        state.routes().create(transaction, route.formattedId(), route);
        tell(transaction, EventType.ROUTE, route);
        return route;
    }

    private Route newRoute(String parentRef, NewRoute request) {
        Instant now = state.clock().instant();
        Route.Builder builder = switch (request.type()) {
            case Route.TCP -> Route.tcp(port(request), request.service());
            case Route.HTTP -> RouteRules.http(request);
            default -> throw FlynnException.invalidField("type", "Invalid route type");
        };
        Route route = RouteRules.fill(builder, request, request.type().equals(Route.HTTP))
                .parentRef(parentRef)
                .createdAt(now)
                .updatedAt(now)
                .build();
        RouteRules.requireValid(route, request);
        if (route.autoTls()) {
            requireAuthority();
        }
        return route;
    }

    /** A route that waits for something that nobody has set up would wait without a word. */
    private void requireAuthority() {
        if (acme.settings().isEmpty()) {
            throw new FlynnException(
                    ErrorCode.PRECONDITION_FAILED,
                    "the cluster has no authority to get certificates from: set one with 'flynn cluster acme enable', and then ask for it again");
        }
    }

    /**
     * How it stands with the certificate that the cluster gets for a route.
     *
     * @throws FlynnException {@code OBJECT_NOT_FOUND} if it gets none
     */
    public DomainCertificate certificate(AppId app, String type, String id) {
        Route route = get(app, type, id);
        if (!route.autoTls()) {
            throw FlynnException.notFound("automatic certificate of route", route.formattedId());
        }
        return acme.status(route.domain().orElse("").toLowerCase(Locale.ROOT));
    }

    /** The port that is asked for, or the lowest of the range that no route has. */
    private int port(NewRoute request) {
        int wanted = RouteRules.port(request);
        if (wanted > 0) {
            return wanted;
        }
        Set<String> taken = state.store().list(RouteKeys.tcpPrefix()).entries().stream()
                .map(StoreEntry::key)
                .collect(Collectors.toSet());
        return IntStream.rangeClosed(firstPort, lastPort)
                .filter(port -> !taken.contains(RouteKeys.tcp(port)))
                .findFirst()
                .orElseThrow(() -> FlynnException.conflict(
                        "no ports available: routes have all of %d to %d; remove one, or choose a port outside"
                                .formatted(firstPort, lastPort)));
    }

    /** What keeps others from having the same. */
    private static String key(Route route) {
        return route.port()
                .map(RouteKeys::tcp)
                .orElseGet(() ->
                        RouteKeys.http(route.domain().orElse(""), route.path().orElse(ROOT)));
    }

    /** Adds: the domain's root route exists, and whoever removes it meanwhile is told of a conflict. */
    private void holdRoot(Transaction.Builder transaction, Route route) {
        String rootKey = RouteKeys.http(route.domain().orElseThrow(), ROOT);
        StoreEntry root = state.store().get(rootKey).orElseThrow(() -> invalid(route));
        transaction.whenUnchanged(rootKey, root.modRevision()).put(rootKey, root.value());
    }

    /** All routes, newest first. */
    public List<Route> list() {
        return Versioned.newestFirst(state.routes().list());
    }

    /** The app's routes, newest first. */
    public List<Route> of(AppId app) {
        return of(parentRef(app));
    }

    /** The owner's routes, newest first. */
    public List<Route> of(String parentRef) {
        return list().stream()
                .filter(route -> route.parentRef().equals(parentRef))
                .toList();
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND}, also for another app's route */
    public Route get(AppId app, String type, String id) {
        return read(type, id, ownedBy(app)).value();
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND} */
    public Route get(String type, String id) {
        return read(type, id, anybodys -> true).value();
    }

    private Versioned<Route> read(String type, String id, Predicate<Route> wanted) {
        if (!Ids.isId(id)) {
            throw FlynnException.notFound("route", type + "/" + id);
        }
        String formattedId = type + "/" + Ids.parse(id);
        return state.routes()
                .find(formattedId)
                .filter(route -> wanted.test(route.value()))
                .orElseThrow(() -> FlynnException.notFound("route", formattedId));
    }

    /** Replaces everything but the domain or the port; different ones name a route that does not exist. */
    public Route update(AppId app, String type, String id, NewRoute request) {
        return update(type, id, ownedBy(app), request, UnaryOperator.identity());
    }

    /** The same for anybody's route, which gets a new owner. */
    public Route update(String parentRef, String type, String id, NewRoute request) {
        return update(type, id, anybodys -> true, request, route -> route.parentRef(parentRef));
    }

    private Route update(
            String type,
            String id,
            Predicate<Route> wanted,
            NewRoute request,
            UnaryOperator<Route.Builder> furtherChange) {
        while (true) {
            Versioned<Route> read = read(type, id, wanted);
            Route route = read.value();
            requireSame(route, request);
            Route.Builder builder = furtherChange.apply(route.toBuilder());
            boolean http = route.type().equals(Route.HTTP);
            if (http) {
                builder.path(RouteRules.normalised(request.path()));
            }
            Route changed = RouteRules.fill(builder, request, http)
                    .updatedAt(state.clock().instant())
                    .build();
            RouteRules.requireValid(changed, request);
            if (changed.autoTls() && !route.autoTls()) {
                requireAuthority();
            }
            Transaction.Builder transaction = Transaction.builder();
            if (!changed.path().equals(route.path())) {
                move(transaction, route, changed);
            }
            state.routes().replace(transaction, read, changed);
            tell(transaction, EventType.ROUTE, changed);
            if (state.commit(transaction).committed()) {
                return changed;
            }
        }
    }

    private static void requireSame(Route route, NewRoute request) {
        if (route.type().equals(Route.HTTP) && !route.domain().equals(Optional.of(request.domain()))) {
            throw FlynnException.notFound("route with domain", request.domain());
        }
        if (route.type().equals(Route.TCP) && !route.port().equals(Optional.of(request.port()))) {
            throw FlynnException.notFound("route with port", request.port());
        }
    }

    private void move(Transaction.Builder transaction, Route from, Route to) {
        String key = key(to);
        if (state.store().get(key).isPresent()) {
            throw new Refused(FlynnException.conflict("Duplicate route"), to.withoutSecrets());
        }
        freeKey(transaction, from);
        transaction.whenAbsent(key).put(key, to.id().toString());
        if (RouteRules.isBelowRoot(to)) {
            if (!RouteRules.isBelowRoot(from)) {
                throw invalid(to);
            }
            holdRoot(transaction, to);
        }
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND}, also for another app's route */
    public void delete(AppId app, String type, String id) {
        delete(type, id, ownedBy(app));
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND} */
    public void delete(String type, String id) {
        delete(type, id, anybodys -> true);
    }

    private void delete(String type, String id, Predicate<Route> wanted) {
        while (true) {
            Versioned<Route> read = read(type, id, wanted);
            Transaction.Builder transaction = Transaction.builder();
            freeKey(transaction, read.value());
            state.routes().remove(transaction, read);
            tell(transaction, EventType.ROUTE_DELETION, read.value());
            if (state.commit(transaction).committed()) {
                return;
            }
        }
    }

    /** Adds: the domain and path, or the port, are free again, unless other paths need this root. */
    private void freeKey(Transaction.Builder transaction, Route route) {
        String key = key(route);
        if (route.domain().isPresent()
                && !RouteRules.isBelowRoot(route)
                && hasOtherPaths(route.domain().orElseThrow())) {
            throw FlynnException.invalid("Route has dependent routes");
        }
        long revision = state.store().get(key).map(StoreEntry::modRevision).orElse(0L);
        transaction.whenUnchanged(key, revision).delete(key);
    }

    private boolean hasOtherPaths(String domain) {
        return state.store().list(RouteKeys.http(domain, ROOT)).entries().size() > 1;
    }

    /** Adds: all the app's routes are gone, the longer paths first. */
    public List<Route> deleteAll(Transaction.Builder transaction, AppId app) {
        List<Versioned<Route>> routes = state.routes().list().stream()
                .filter(route -> ownedBy(app).test(route.value()))
                .sorted(Comparator.comparing((Versioned<Route> route) ->
                                route.value().path().orElse(ROOT).length())
                        .reversed())
                .toList();
        for (Versioned<Route> route : routes) {
            transaction.delete(key(route.value()));
            state.routes().remove(transaction, route);
            tell(transaction, EventType.ROUTE_DELETION, route.value());
        }
        return routes.stream().map(route -> route.value().withoutSecrets()).toList();
    }

    private void tell(Transaction.Builder transaction, EventType type, Route route) {
        state.events().append(transaction, type, app(route), route.id().toString(), route.withoutSecrets());
    }

    private static Refused invalid(Route route) {
        return new Refused(FlynnException.invalid("Invalid route"), route.withoutSecrets());
    }

    private static Predicate<Route> ownedBy(AppId app) {
        String owner = parentRef(app);
        return route -> route.parentRef().equals(owner);
    }

    /** The app that owns the route, if one does. */
    private static Optional<AppId> app(Route route) {
        return Optional.of(route.parentRef())
                .filter(owner -> owner.startsWith(APP_OWNER))
                .map(owner -> owner.substring(APP_OWNER.length()))
                .filter(Ids::isId)
                .map(AppId::of);
    }

    /** How the routes of an app name their owner. */
    public static String parentRef(AppId app) {
        return APP_OWNER + app;
    }
}
