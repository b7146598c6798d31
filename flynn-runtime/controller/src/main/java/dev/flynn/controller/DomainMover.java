package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.deployment.DeploymentStatus;
import dev.flynn.api.domain.DomainMigration;
import dev.flynn.api.domain.TlsCertificate;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Release;
import dev.flynn.api.route.Route;
import dev.flynn.base.ClusterCertificate;
import dev.flynn.controller.ControllerTables.DomainMove;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import dev.flynn.state.WakeLoop;
import dev.flynn.state.route.NewRoute;
import dev.flynn.state.route.Refused;
import dev.flynn.state.route.RouteCatalog;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves the cluster to another domain (contract: controller, Domain migration): the certificate, then the platform's own apps
 * one after the other, then the routes. Each step is left out where it is done already, so whoever comes after a crash, or
 * after the controller itself was deployed, goes on.
 */
final class DomainMover {

    private static final Logger log = LoggerFactory.getLogger(DomainMover.class);

    private static final Duration WAIT = Duration.ofSeconds(1);
    private static final String PARENT = "controller/apps/";

    private final ClusterState state;
    private final ControllerTables tables;
    private final ReleaseCatalog releases;
    private final DeploymentCatalog deployments;
    private final RouteCatalog routes;

    DomainMover(
            ClusterState state,
            ControllerTables tables,
            ReleaseCatalog releases,
            DeploymentCatalog deployments,
            RouteCatalog routes) {
        this.state = state;
        this.tables = tables;
        this.releases = releases;
        this.deployments = deployments;
        this.routes = routes;
    }

    WakeLoop loop() {
        return new WakeLoop(
                "domain-mover", state.store(), state.clock(), List.of(ControllerTables.DOMAIN_MOVES), this::look);
    }

    Instant look() {
        Optional<Versioned<DomainMove>> move = tables.domainMoves().find(DomainMove.ID);
        if (move.isEmpty()) {
            return Instant.MAX;
        }
        Instant due = move.get().value().notBefore();
        return due.isAfter(state.clock().instant()) ? due : attempt(move.get());
    }

    private Instant attempt(Versioned<DomainMove> move) {
        try {
            return step(move);
        } catch (FlynnException | Refused e) {
            log.atWarn().setCause(e).log("domain migration failed; it is repeated");
            return postpone(move, String.valueOf(e.getMessage()));
        }
    }

    private Instant postpone(Versioned<DomainMove> read, String reason) {
        int attempts = read.value().attempts() + 1;
        Instant due = state.clock().instant().plusSeconds((long) Math.pow(attempts, 4) + 3);
        Transaction.Builder transaction = Transaction.builder();
        tables.domainMoves()
                .replace(transaction, read, new DomainMove(read.value().migration(), Map.of(), attempts, due));
        DomainMigrations.tell(
                state, transaction, new DomainMigrations.Progress(read.value().migration(), reason));
        return state.commit(transaction).committed() ? due : state.clock().instant();
    }

    private Instant step(Versioned<DomainMove> read) {
        DomainMigration migration = read.value().migration();
        if (migration.tlsCert().isEmpty()) {
            DomainMigration certified = migration.withTlsCert(newCertificate(migration.domain()));
            Transaction.Builder transaction = Transaction.builder();
            tables.domainMoves().replace(transaction, read, read.value().with(certified));
            // whoever pins the certificate is to know the next one before the routers have it
            DomainMigrations.tell(state, transaction, new DomainMigrations.Progress(certified, ""));
            var unused = state.commit(transaction);
            return state.clock().instant();
        }
        TlsCertificate certificate = migration.tlsCert().get();
        for (Map.Entry<String, Map<String, String>> wanted : wantedEnv(migration, certificate)) {
            Optional<Instant> wait = moveApp(read, wanted.getKey(), wanted.getValue());
            if (wait.isPresent()) {
                return wait.get();
            }
        }
        moveRoutes(migration, certificate);
        finish(read);
        return Instant.MAX;
    }

    private TlsCertificate newCertificate(String domain) {
        var made = ClusterCertificate.generate(
                List.of(domain, "*." + domain), state.clock().instant());
        return new TlsCertificate(made.caCert(), made.cert(), made.key(), made.pin());
    }

    /** What the env of each of the platform's apps is to have, in the order in which they are deployed. */
    private static List<Map.Entry<String, Map<String, String>>> wantedEnv(
            DomainMigration migration, TlsCertificate certificate) {
        String domain = migration.domain();
        Map<String, String> controller = new HashMap<>(Map.of("DEFAULT_ROUTE_DOMAIN", domain));
        if (!certificate.caCert().isEmpty()) {
            controller.put("CA_CERT", certificate.caCert());
        }
        Map<String, String> dashboard = new HashMap<>(controller);
        dashboard.put("CONTROLLER_DOMAIN", "controller." + domain);
        dashboard.put("URL", "https://dashboard." + domain);
        return List.of(
                Map.entry("controller", controller),
                Map.entry("router", Map.of("TLSCERT", certificate.cert(), "TLSKEY", certificate.key())),
                Map.entry("dashboard", dashboard));
    }

    /** Empty once the app has that env, and runs with it; otherwise when to look again. */
    private Optional<Instant> moveApp(Versioned<DomainMove> read, String name, Map<String, String> wanted) {
        Optional<App> app = state.findApp(name).map(Versioned::value);
        Optional<Release> current = app.flatMap(App::release)
                .flatMap(id -> state.releases().find(id.toString()))
                .map(Versioned::value);
        if (current.isEmpty()) {
            return Optional.empty();
        }
        boolean deploying = state.store()
                .get(ControllerTables.deployingKey(app.orElseThrow().id()))
                .isPresent();
        if (deploying) {
            return Optional.of(state.clock().instant().plus(WAIT));
        }
        if (current.get().env().entrySet().containsAll(wanted.entrySet())) {
            return Optional.empty();
        }
        requireNotFailed(read.value(), name);
        Release release = releases.create(newRelease(current.get(), wanted));
        try {
            deployments.create(
                    name, release.id().toString(), current.map(Release::id).map(ReleaseId::toString));
        } catch (FlynnException e) {
            if (e.code() == ErrorCode.CONFLICT) {
                // somebody released meanwhile: the next one is made of theirs
                return Optional.of(state.clock().instant().plus(WAIT));
            }
            throw e;
        }
        save(read, read.value().withRelease(name, release.id()));
        return Optional.of(state.clock().instant());
    }

    private void requireNotFailed(DomainMove move, String name) {
        boolean failed = Optional.ofNullable(move.releases().get(name)).stream()
                .anyMatch(release -> state.deployments().list().stream()
                        .map(Versioned::value)
                        .anyMatch(deployment -> deployment.newRelease().equals(release)
                                && deployment.status() == DeploymentStatus.FAILED));
        if (failed) {
            throw FlynnException.unavailable("the deployment of app %s failed".formatted(name), null);
        }
    }

    private static ReleaseCatalog.NewRelease newRelease(Release current, Map<String, String> changes) {
        Map<String, String> env = new HashMap<>(current.env());
        env.putAll(changes);
        return new ReleaseCatalog.NewRelease(
                "",
                current.app().map(AppId::toString).orElse(""),
                "",
                current.artifacts().stream().map(ArtifactId::toString).toList(),
                env,
                current.meta(),
                current.processes());
    }

    /** Every http route below the old domain gets a twin below the new one; a path after the root that it needs. */
    private void moveRoutes(DomainMigration migration, TlsCertificate certificate) {
        routes.list().stream()
                .filter(route -> route.type().equals(Route.HTTP)
                        && route.parentRef().startsWith(PARENT)
                        && isBelow(route.domain().orElse(""), migration.oldDomain()))
                .sorted(Comparator.comparing(route -> route.path().orElse("/").length()))
                .forEach(route -> addTwin(route, migration, certificate));
    }

    private static boolean isBelow(String domain, String parent) {
        return domain.equals(parent) || domain.endsWith("." + parent);
    }

    private void addTwin(Route route, DomainMigration migration, TlsCertificate certificate) {
        String old = route.domain().orElseThrow();
        String domain = old.substring(0, old.length() - migration.oldDomain().length()) + migration.domain();
        boolean hadClusterCertificate = route.tlsCert().isPresent()
                && route.tlsCert().equals(migration.oldTlsCert().map(TlsCertificate::cert));
        var twin = NewRoute.twin(
                route,
                domain,
                Optional.of(new NewRoute.Certificate(certificate.cert(), certificate.key()))
                        .filter(unused -> hadClusterCertificate));
        try {
            routes.create(AppId.of(route.parentRef().substring(PARENT.length())), twin);
        } catch (Refused e) {
            if (e.failure().code() != ErrorCode.CONFLICT) {
                throw e;
            }
        }
    }

    private void finish(Versioned<DomainMove> read) {
        DomainMigration finished =
                read.value().migration().finished(state.clock().instant());
        Transaction.Builder transaction = Transaction.builder();
        tables.domainMoves().remove(transaction, read);
        DomainMigrations.tell(state, transaction, new DomainMigrations.Progress(finished, ""));
        if (state.commit(transaction).committed()) {
            log.atInfo().addKeyValue("domain", finished.domain()).log("domain migration finished");
        }
    }

    private void save(Versioned<DomainMove> read, DomainMove changed) {
        Transaction.Builder transaction = Transaction.builder();
        tables.domainMoves().replace(transaction, read, changed);
        // refused means that another worker came first, and goes on
        var unused = state.commit(transaction);
    }
}
