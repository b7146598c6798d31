package dev.flynn.controller;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.RouteId;
import dev.flynn.api.route.Route;
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
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Routes (contract: layer 1, Store rules). Index keys in the store make a domain and path unique, and keep a domain's root
 * while other paths of it exist, against concurrent writers too.
 */
public final class RouteCatalog {

    private static final String ROOT = "/";
    private static final Pattern PATH = Pattern.compile("/(.*/)?");
    private static final Pattern DOMAIN = Pattern.compile("[^\\s/:]{1,253}");

    private static final String TCP_NOT_YET =
            "tcp routes are not available yet; an http route reaches the same service by its domain";

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
            Optional<Certificate> certificate) {

        static NewRoute http(String domain, String service) {
            return new NewRoute(Route.HTTP, service, domain, "", 0, "", "", false, false, Optional.empty());
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

    /** Adds: this route exists; the transaction holds only if its domain and path are free then. */
    Route add(Transaction.Builder transaction, AppId app, NewRoute request) {
        Route route = newRoute(app, request);
        String path = route.path().orElseThrow();
        String key = ControllerTables.routeKey(route.domain().orElseThrow(), path);
        if (state.store().get(key).isPresent()) {
            throw new Refused(FlynnException.conflict("Duplicate route"), shown(route));
        }
        if (!path.equals(ROOT)) {
            holdRoot(transaction, route);
        }
        transaction.whenAbsent(key).put(key, route.id().toString());
        state.routes().create(transaction, route.formattedId(), route);
        tell(transaction, EventType.ROUTE, app, route);
        return route;
    }

    private Route newRoute(AppId app, NewRoute request) {
        Instant now = state.clock().instant();
        var route = new Route(
                request.type(),
                RouteId.random(),
                parentRef(app),
                request.service(),
                Optional.of(request.domain()).filter(domain -> !domain.isEmpty()),
                Optional.of(normalised(request.path())),
                Optional.empty(),
                request.cert(),
                request.privateKey(),
                request.sticky(),
                request.leader(),
                now,
                now);
        if (route.type().equals(Route.TCP)) {
            throw FlynnException.invalidField("type", TCP_NOT_YET);
        }
        requireValid(route);
        return route;
    }

    private static void requireValid(Route route) {
        String domain = route.domain().orElse("");
        if (!DOMAIN.matcher(domain).matches()) {
            throw FlynnException.invalidField(
                    "domain", "must be a host name such as www.example.com or *.example.com, was \"" + domain + "\"");
        }
        if (!PATH.matcher(route.path().orElse("")).matches()) {
            throw new Refused(FlynnException.invalid("Invalid route"), shown(route));
        }
        if (route.tlsCert().isPresent() != route.tlsKey().isPresent()) {
            throw FlynnException.invalidField("tls_cert", "and tls_key belong together; give both or none");
        }
        route.tlsCert().ifPresent(RouteCatalog::requireCertificate);
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

    /** Replaces everything but the domain; a different domain names a route that does not exist. */
    public Route update(AppId app, String type, String id, NewRoute request) {
        while (true) {
            Versioned<Route> read = read(app, type, id);
            Route route = read.value();
            if (!route.domain().equals(Optional.of(request.domain()))) {
                throw FlynnException.notFound("route with domain", request.domain());
            }
            var changed = new Route(
                    route.type(),
                    route.id(),
                    route.parentRef(),
                    request.service(),
                    route.domain(),
                    Optional.of(normalised(request.path())),
                    Optional.empty(),
                    request.cert(),
                    request.privateKey(),
                    request.sticky(),
                    request.leader(),
                    route.createdAt(),
                    state.clock().instant());
            requireValid(changed);
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

    private void move(Transaction.Builder transaction, Route from, Route to) {
        String key =
                ControllerTables.routeKey(to.domain().orElseThrow(), to.path().orElseThrow());
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

    /** Adds: the domain and path are free again, unless other paths need this root. */
    private void freeKey(Transaction.Builder transaction, Route route) {
        String domain = route.domain().orElseThrow();
        String path = route.path().orElse(ROOT);
        String key = ControllerTables.routeKey(domain, path);
        if (path.equals(ROOT)
                && state.store()
                                .list(ControllerTables.routeKeys(domain) + ROOT)
                                .entries()
                                .size()
                        > 1) {
            throw FlynnException.invalid("Route has dependent routes");
        }
        long revision = state.store().get(key).map(StoreEntry::modRevision).orElse(0L);
        transaction.whenUnchanged(key, revision).delete(key);
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
            String path = route.value().path().orElse(ROOT);
            route.value().domain().ifPresent(domain -> transaction.delete(ControllerTables.routeKey(domain, path)));
            state.routes().remove(transaction, route);
            tell(transaction, EventType.ROUTE_DELETION, app, route.value());
        }
        return routes.stream().map(route -> shown(route.value())).toList();
    }

    private void tell(Transaction.Builder transaction, EventType type, AppId app, Route route) {
        state.events().append(transaction, type, Optional.of(app), route.id().toString(), shown(route));
    }

    /** The route without its key pair, for events and messages. */
    private static Route shown(Route route) {
        return new Route(
                route.type(),
                route.id(),
                route.parentRef(),
                route.service(),
                route.domain(),
                route.path(),
                route.port(),
                Optional.empty(),
                Optional.empty(),
                route.sticky(),
                route.leader(),
                route.createdAt(),
                route.updatedAt());
    }

    static String parentRef(AppId app) {
        return "controller/apps/" + app;
    }
}
