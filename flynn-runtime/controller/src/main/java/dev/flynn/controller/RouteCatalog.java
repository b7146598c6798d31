package dev.flynn.controller;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.api.route.BackendProtocol;
import dev.flynn.api.route.Route;
import dev.flynn.api.route.RoutePolicy;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Routes (contract: layer 1, Store rules). Index keys in the store make a domain and path unique, and keep a domain's root
 * while other paths of it exist, against concurrent writers too; so they do for the port of a TCP route.
 */
public final class RouteCatalog {

    private static final String ROOT = "/";
    private static final Pattern PATH = Pattern.compile("/(.*/)?");
    private static final Pattern DOMAIN = Pattern.compile("[^\\s/:]{1,253}");

    /** The ports that are given out, both ends included. */
    private static final int FIRST_PORT = 3000;

    private static final int LAST_PORT = 3500;
    private static final int MAX_PORT = 65_534;
    private static final Set<Integer> HTTP_PORTS = Set.of(80, 443);

    private final ClusterState state;

    RouteCatalog(ClusterState state) {
        this.state = state;
    }

    /**
     * What a client sends to create or update a route.
     *
     * @param certificate the later form of {@code tls_cert} and {@code tls_key}
     */
    public record NewRoute(
            String type,
            String service,
            String domain,
            String path,
            int port,
            String tlsCert,
            String tlsKey,
            boolean sticky,
            boolean leader,
            boolean drainBackends,
            boolean disableKeepAlives,
            Optional<BackendProtocol> backendProtocol,
            Map<String, Integer> weights,
            Optional<RoutePolicy> policy,
            Optional<Certificate> certificate) {

        static NewRoute http(String domain, String service) {
            return new NewRoute(
                    Route.HTTP,
                    service,
                    domain,
                    "",
                    0,
                    "",
                    "",
                    false,
                    false,
                    false,
                    false,
                    Optional.empty(),
                    Map.of(),
                    Optional.empty(),
                    Optional.empty());
        }

        /** The same under another domain, with its own certificate or none. */
        static NewRoute twin(Route route, String domain, Optional<Certificate> certificate) {
            return new NewRoute(
                    Route.HTTP,
                    route.service(),
                    domain,
                    route.path().orElse(ROOT),
                    0,
                    "",
                    "",
                    route.sticky(),
                    route.leader(),
                    route.drainBackends(),
                    route.disableKeepAlives(),
                    route.backendProtocol(),
                    route.weights(),
                    route.policy(),
                    certificate);
        }

        Optional<String> cert() {
            return certificate
                    .map(Certificate::cert)
                    .or(() -> Optional.of(tlsCert))
                    .filter(pem -> !pem.isEmpty());
        }

        Optional<String> privateKey() {
            return certificate
                    .map(Certificate::key)
                    .or(() -> Optional.of(tlsKey))
                    .filter(pem -> !pem.isEmpty());
        }

        /** Without the key. */
        @Override
        public String toString() {
            return "NewRoute[%s %s%s -> %s]".formatted(type, domain, path, service);
        }
    }

    public record Certificate(
            @JsonProperty("cert") String cert,
            @JsonProperty("key") String key) {

        @Override
        public String toString() {
            return "Certificate[***]";
        }
    }

    public Route create(AppId app, NewRoute request) {
        while (true) {
            Transaction.Builder transaction = Transaction.builder();
            Route route = add(transaction, app, request);
            if (state.commit(transaction).committed()) {
                return route;
            }
        }
    }

    /** Adds: this route exists; the transaction holds only if its domain and path, or its port, are free then. */
    Route add(Transaction.Builder transaction, AppId app, NewRoute request) {
        Route route = newRoute(app, request);
        String key = key(route);
        if (state.store().get(key).isPresent()) {
            throw new Refused(FlynnException.conflict("Duplicate route"), shown(route));
        }
        if (isBelowRoot(route)) {
            holdRoot(transaction, route);
        }
        transaction.whenAbsent(key).put(key, route.id().toString());
        state.routes().create(transaction, route.formattedId(), route);
        tell(transaction, EventType.ROUTE, app, route);
        return route;
    }

    private Route newRoute(AppId app, NewRoute request) {
        Instant now = state.clock().instant();
        Route.Builder builder;
        if (request.type().equals(Route.TCP)) {
            builder = Route.tcp(port(request), request.service());
        } else if (request.type().equals(Route.HTTP)) {
            requireDomain(request);
            builder = Route.http(request.domain(), request.service()).path(normalised(request.path()));
        } else {
            throw FlynnException.invalidField("type", "Invalid route type");
        }
        Route route = fill(builder, request, request.type().equals(Route.HTTP))
                .parentRef(parentRef(app))
                .createdAt(now)
                .updatedAt(now)
                .build();
        requireValid(route, request);
        return route;
    }

    /** What a request may say of a route, new or not. */
    private static Route.Builder fill(Route.Builder builder, NewRoute request, boolean http) {
        builder.service(request.service()).leader(request.leader()).drainBackends(request.drainBackends());
        if (http) {
            builder.tls(request.cert(), request.privateKey())
                    .sticky(request.sticky())
                    .disableKeepAlives(request.disableKeepAlives())
                    .backendProtocol(request.backendProtocol())
                    .weights(request.weights())
                    .policy(request.policy().filter(policy -> !policy.equals(RoutePolicy.NONE)));
        }
        return builder;
    }

    private static void requireDomain(NewRoute request) {
        if (!DOMAIN.matcher(request.domain()).matches()) {
            throw FlynnException.invalidField(
                    "domain",
                    "must be a host name such as www.example.com or *.example.com, was \"" + request.domain() + "\"");
        }
    }

    private static void requireValid(Route route, NewRoute request) {
        if (route.type().equals(Route.HTTP)) {
            boolean pathIsFine = PATH.matcher(route.path().orElse("")).matches();
            if (!pathIsFine || request.port() > 0) {
                throw new Refused(FlynnException.invalid("Invalid route"), shown(route));
            }
        }
        route.weights().forEach((service, weight) -> {
            if (weight < 0) {
                throw FlynnException.invalidField("weights", "must not be below 0, was " + weight + " for " + service);
            }
        });
        if (route.tlsCert().isPresent() != route.tlsKey().isPresent()) {
            throw FlynnException.invalidField("tls_cert", "and tls_key belong together; give both or none");
        }
        route.tlsCert().ifPresent(RouteCatalog::requireCertificate);
    }

    /** The port that is asked for, or the lowest of the range that no route has. */
    private int port(NewRoute request) {
        int wanted = request.port();
        if (wanted < 0 || wanted > MAX_PORT) {
            throw FlynnException.invalidField("port", "must be 1 to " + MAX_PORT + ", or 0 for any, was " + wanted);
        }
        if (HTTP_PORTS.contains(wanted)) {
            throw FlynnException.conflict("Port reserved for HTTP/HTTPS traffic");
        }
        if (wanted > 0) {
            return wanted;
        }
        Set<String> taken = state.store().list(ControllerTables.tcpRouteKeys()).entries().stream()
                .map(StoreEntry::key)
                .collect(Collectors.toSet());
        return IntStream.rangeClosed(FIRST_PORT, LAST_PORT)
                .filter(port -> !taken.contains(ControllerTables.tcpRouteKey(port)))
                .findFirst()
                .orElseThrow(() -> FlynnException.conflict(
                        "no ports available: routes have all of %d to %d; remove one, or choose a port outside"
                                .formatted(FIRST_PORT, LAST_PORT)));
    }

    private static boolean isBelowRoot(Route route) {
        return !route.path().orElse(ROOT).equals(ROOT);
    }

    /** What keeps others from having the same. */
    private static String key(Route route) {
        return route.port()
                .map(ControllerTables::tcpRouteKey)
                .orElseGet(() -> ControllerTables.routeKey(
                        route.domain().orElse(""), route.path().orElse(ROOT)));
    }

    private static void requireCertificate(String pem) {
        try {
            var certificates = CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)));
            if (certificates.isEmpty()) {
                throw FlynnException.invalidField("tls_cert", "holds no certificate; give PEM text");
            }
        } catch (CertificateException e) {
            throw FlynnException.invalidField("tls_cert", "is not a certificate in PEM: " + e.getMessage());
        }
    }

    private static String normalised(String path) {
        if (path.isEmpty()) {
            return ROOT;
        }
        return path.endsWith("/") ? path : path + "/";
    }

    /** Adds: the domain's root route exists, and whoever removes it meanwhile is told of a conflict. */
    private void holdRoot(Transaction.Builder transaction, Route route) {
        String rootKey = ControllerTables.routeKey(route.domain().orElseThrow(), ROOT);
        StoreEntry root = state.store()
                .get(rootKey)
                .orElseThrow(() -> new Refused(FlynnException.invalid("Invalid route"), shown(route)));
        transaction.whenUnchanged(rootKey, root.modRevision()).put(rootKey, root.value());
    }

    /** All routes, newest first. */
    public List<Route> list() {
        return AppCatalog.newestFirst(state.routes().list());
    }

    /** The app's routes, newest first. */
    public List<Route> of(AppId app) {
        return AppCatalog.newestFirst(state.routes().list().stream()
                .filter(route -> route.value().parentRef().equals(parentRef(app)))
                .toList());
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND}, also for another app's route */
    public Route get(AppId app, String type, String id) {
        return read(app, type, id).value();
    }

    private Versioned<Route> read(AppId app, String type, String id) {
        String formattedId = type + "/" + ReleaseCatalog.objectId("route", id);
        return state.routes()
                .find(formattedId)
                .filter(route -> route.value().parentRef().equals(parentRef(app)))
                .orElseThrow(() -> FlynnException.notFound("route", formattedId));
    }

    /** Replaces everything but the domain or the port; different ones name a route that does not exist. */
    public Route update(AppId app, String type, String id, NewRoute request) {
        while (true) {
            Versioned<Route> read = read(app, type, id);
            Route route = read.value();
            requireSame(route, request);
            Route.Builder builder = route.toBuilder();
            boolean http = route.type().equals(Route.HTTP);
            if (http) {
                builder.path(normalised(request.path()));
            }
            Route changed = fill(builder, request, http)
                    .updatedAt(state.clock().instant())
                    .build();
            requireValid(changed, request);
            Transaction.Builder transaction = Transaction.builder();
            if (!changed.path().equals(route.path())) {
                move(transaction, route, changed);
            }
            state.routes().replace(transaction, read, changed);
            tell(transaction, EventType.ROUTE, app, changed);
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
            throw new Refused(FlynnException.conflict("Duplicate route"), shown(to));
        }
        freeKey(transaction, from);
        transaction.whenAbsent(key).put(key, to.id().toString());
        if (!to.path().equals(Optional.of(ROOT))) {
            if (from.path().equals(Optional.of(ROOT))) {
                throw new Refused(FlynnException.invalid("Invalid route"), shown(to));
            }
            holdRoot(transaction, to);
        }
    }

    public void delete(AppId app, String type, String id) {
        while (true) {
            Versioned<Route> read = read(app, type, id);
            Transaction.Builder transaction = Transaction.builder();
            freeKey(transaction, read.value());
            state.routes().remove(transaction, read);
            tell(transaction, EventType.ROUTE_DELETION, app, read.value());
            if (state.commit(transaction).committed()) {
                return;
            }
        }
    }

    /** Adds: the domain and path, or the port, are free again, unless other paths need this root. */
    private void freeKey(Transaction.Builder transaction, Route route) {
        String key = key(route);
        if (route.domain().isPresent()
                && !isBelowRoot(route)
                && hasOtherPaths(route.domain().orElseThrow())) {
            throw FlynnException.invalid("Route has dependent routes");
        }
        long revision = state.store().get(key).map(StoreEntry::modRevision).orElse(0L);
        transaction.whenUnchanged(key, revision).delete(key);
    }

    private boolean hasOtherPaths(String domain) {
        return state.store()
                        .list(ControllerTables.routeKeys(domain) + ROOT)
                        .entries()
                        .size()
                > 1;
    }

    /** Adds: all the app's routes are gone, the longer paths first. */
    List<Route> deleteAll(Transaction.Builder transaction, AppId app) {
        List<Versioned<Route>> routes = state.routes().list().stream()
                .filter(route -> route.value().parentRef().equals(parentRef(app)))
                .sorted(Comparator.comparing((Versioned<Route> route) ->
                                route.value().path().orElse(ROOT).length())
                        .reversed())
                .toList();
        for (Versioned<Route> route : routes) {
            transaction.delete(key(route.value()));
            state.routes().remove(transaction, route);
            tell(transaction, EventType.ROUTE_DELETION, app, route.value());
        }
        return routes.stream().map(route -> shown(route.value())).toList();
    }

    private void tell(Transaction.Builder transaction, EventType type, AppId app, Route route) {
        state.events().append(transaction, type, Optional.of(app), route.id().toString(), shown(route));
    }

    /** The route without its key pair and the hashes of passwords, for events and messages. */
    private static Route shown(Route route) {
        return route.toBuilder()
                .tls(Optional.empty(), Optional.empty())
                .policy(route.policy().map(RoutePolicy::withoutAuth))
                .build();
    }

    static String parentRef(AppId app) {
        return "controller/apps/" + app;
    }
}
