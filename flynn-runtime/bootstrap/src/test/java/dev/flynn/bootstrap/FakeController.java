package dev.flynn.bootstrap;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import dev.flynn.api.route.Route;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Table;
import dev.flynn.state.Versioned;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A controller that writes the records which the real one writes. */
final class FakeController implements Controller {

    private final ClusterState state;
    private final Killer killer;

    /** @param killer may strike before and after each call that changes something */
    FakeController(ClusterState state, Killer killer) {
        this.state = state;
        this.killer = killer;
    }

    @Override
    public Optional<App> findApp(String idOrName) {
        return state.findApp(idOrName).map(Versioned::value);
    }

    @Override
    public App createApp(App app) {
        Transaction.Builder transaction = Transaction.builder();
        transaction
                .whenAbsent(ClusterState.appNameKey(app.name()))
                .put(ClusterState.appNameKey(app.name()), app.id().toString());
        state.apps().create(transaction, app.id().toString(), app);
        commit(transaction);
        return app;
    }

    @Override
    public Artifact createArtifact(Artifact artifact) {
        Optional<Artifact> known = state.artifacts().list().stream()
                .map(Versioned::value)
                .filter(other -> other.uri().equals(artifact.uri()))
                .findFirst();
        return known.orElseGet(() -> create(state.artifacts(), artifact.id().toString(), artifact));
    }

    @Override
    public Optional<Release> findRelease(ReleaseId id) {
        return state.releases().find(id.toString()).map(Versioned::value);
    }

    @Override
    public Release createRelease(Release release) {
        return create(state.releases(), release.id().toString(), release);
    }

    @Override
    public Optional<Formation> findFormation(String app, ReleaseId release) {
        return state.formations().find(formationId(app, release)).map(Versioned::value);
    }

    @Override
    public Formation putFormation(String app, ReleaseId release, Map<String, Integer> processes) {
        var formation = new Formation(
                findApp(app).orElseThrow().id(),
                release,
                processes,
                Map.of(),
                state.clock().instant(),
                state.clock().instant());
        String key = state.formations().key(formationId(app, release));
        commit(Transaction.builder().put(key, state.json().write(formation)));
        return formation;
    }

    @Override
    public void setRelease(String app, ReleaseId release) {
        App known = findApp(app).orElseThrow();
        killer.mayStrike();
        state.apps().update(known.id().toString(), read -> read.withRelease(release, read.updatedAt()));
        killer.mayStrike();
    }

    @Override
    public void deploy(String app, ReleaseId release) {
        setRelease(app, release);
    }

    @Override
    public List<Route> routes(String app) {
        return state.routes().list().stream()
                .map(Versioned::value)
                .filter(route -> route.parentRef().equals("controller/apps/" + app))
                .toList();
    }

    @Override
    public Route createRoute(String app, Map<String, Object> fields) {
        Route route = Route.http(text(fields, "domain").orElseThrow(), String.valueOf(fields.get("service")))
                .parentRef("controller/apps/" + app)
                .tls(text(fields, "tls_cert"), text(fields, "tls_key"))
                .createdAt(state.clock().instant())
                .updatedAt(state.clock().instant())
                .build();
        return create(state.routes(), route.formattedId(), route);
    }

    private static Optional<String> text(Map<String, Object> fields, String name) {
        return Optional.ofNullable(fields.get(name)).map(String::valueOf);
    }

    private static String formationId(String app, ReleaseId release) {
        return app + "/" + release;
    }

    private <T> T create(Table<T> table, String id, T value) {
        Transaction.Builder transaction = Transaction.builder();
        table.create(transaction, id, value);
        commit(transaction);
        return value;
    }

    private void commit(Transaction.Builder transaction) {
        killer.mayStrike();
        if (!state.commit(transaction).committed()) {
            throw new AssertionError("the bootstrap made something twice");
        }
        killer.mayStrike();
    }

    @Override
    public void close() {}
}
