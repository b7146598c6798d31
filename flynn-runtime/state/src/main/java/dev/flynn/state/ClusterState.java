package dev.flynn.state;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.host.Host;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.Ids;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.log.Sink;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import dev.flynn.api.resource.Provider;
import dev.flynn.api.resource.Resource;
import dev.flynn.api.route.Route;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.Transaction;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The records of a cluster, by kind. This is the one place that knows under which keys they are.
 *
 * <table>
 * <caption>Keys</caption>
 * <tr><td>{@code apps/<app id>}</td><td>{@link App}</td></tr>
 * <tr><td>{@code app-names/<name>}</td><td>the id of the living app of that name</td></tr>
 * <tr><td>{@code releases/<id>}</td><td>{@link Release}</td></tr>
 * <tr><td>{@code artifacts/<id>}</td><td>{@link Artifact}</td></tr>
 * <tr><td>{@code formations/<app id>/<release id>}</td><td>{@link Formation}</td></tr>
 * <tr><td>{@code deployments/<id>}</td><td>{@link Deployment}</td></tr>
 * <tr><td>{@code jobs/<job id>}</td><td>{@link JobRecord}</td></tr>
 * <tr><td>{@code routes/<type>/<id>}</td><td>{@link Route}</td></tr>
 * <tr><td>{@code hosts/<host id>}</td><td>{@link Host}</td></tr>
 * <tr><td>{@code volumes/<host id>/<volume id>}</td><td>{@link VolumeRecord}</td></tr>
 * <tr><td>{@code sinks/<id>}</td><td>{@link Sink}</td></tr>
 * <tr><td>{@code providers/<id>}, {@code resources/<id>}</td><td>{@link Provider}, {@link Resource}</td></tr>
 * <tr><td>{@code events/<number>}</td><td>see {@link Events}</td></tr>
 * </table>
 *
 * <p>Thread-safe; owns nothing but memory.
 */
public final class ClusterState {

    /** What is written has this precision, so what is answered before it was read back has no more. */
    private static final Duration PRECISION = Duration.ofNanos(1_000);

    private static final String APP_NAMES = "app-names/";

    private final AccompaniedStore store;
    private final FlynnJson json;
    private final Clock clock;
    private final Table<App> apps;
    private final Table<Release> releases;
    private final Table<Artifact> artifacts;
    private final Table<Formation> formations;
    private final Table<Deployment> deployments;
    private final Table<Route> routes;
    private final Table<Host> hosts;
    private final Table<Provider> providers;
    private final Table<Resource> resources;
    private final Table<VolumeRecord> volumes;
    private final Table<Sink> sinks;
    private final Events events;
    private final Jobs jobs;

    public ClusterState(ClusterStore given, FlynnJson json, Clock clock) {
        this.store = new AccompaniedStore(given);
        this.json = json;
        this.clock = Clock.tick(clock, PRECISION);
        this.apps = new Table<>(store, json, "apps/", App.class);
        this.releases = new Table<>(store, json, "releases/", Release.class);
        this.artifacts = new Table<>(store, json, "artifacts/", Artifact.class);
        this.formations = new Table<>(store, json, "formations/", Formation.class);
        this.deployments = new Table<>(store, json, "deployments/", Deployment.class);
        this.routes = new Table<>(store, json, "routes/", Route.class);
        this.hosts = new Table<>(store, json, "hosts/", Host.class);
        this.providers = new Table<>(store, json, "providers/", Provider.class);
        this.resources = new Table<>(store, json, "resources/", Resource.class);
        this.volumes = new Table<>(store, json, "volumes/", VolumeRecord.class);
        this.sinks = new Table<>(store, json, "sinks/", Sink.class);
        this.events = new Events(store, json, clock);
        this.jobs = new Jobs(store, new Table<>(store, json, "jobs/", JobRecord.class), events);
    }

    public ClusterStore store() {
        return store;
    }

    public FlynnJson json() {
        return json;
    }

    public Clock clock() {
        return clock;
    }

    public Table<App> apps() {
        return apps;
    }

    public Table<Release> releases() {
        return releases;
    }

    public Table<Artifact> artifacts() {
        return artifacts;
    }

    /** By {@link #formationId}. */
    public Table<Formation> formations() {
        return formations;
    }

    public Table<Deployment> deployments() {
        return deployments;
    }

    /** By {@link Route#formattedId}. */
    public Table<Route> routes() {
        return routes;
    }

    public Table<Host> hosts() {
        return hosts;
    }

    public Table<Provider> providers() {
        return providers;
    }

    public Table<Sink> sinks() {
        return sinks;
    }

    public Table<Resource> resources() {
        return resources;
    }

    /** By {@link VolumeRecord#recordId}. */
    public Table<VolumeRecord> volumes() {
        return volumes;
    }

    /**
     * Records of a component's own, under a prefix that no other component uses.
     *
     * @param prefix ends with a slash
     */
    public <T> Table<T> table(String prefix, Class<T> type) {
        return new Table<>(store, json, prefix, type);
    }

    public Events events() {
        return events;
    }

    public Jobs jobs() {
        return jobs;
    }

    public CommitResult commit(Transaction.Builder transaction) {
        return store.commit(transaction.build());
    }

    /**
     * Until the companion is closed, the first change that this thread makes through this state has one more entry.
     *
     * @param prefix of the sequence that the entry is appended to
     * @param value is asked for when there is a change, again if the change is tried again
     * @throws IllegalStateException if this thread has a companion already
     */
    public Companion accompany(String prefix, Supplier<String> value) {
        return store.accompany(prefix, value);
    }

    public static String formationId(AppId app, ReleaseId release) {
        return app + "/" + release;
    }

    /** The key that makes an app's name unique among living apps; its value is the app's id. */
    public static String appNameKey(String name) {
        return APP_NAMES + name;
    }

    /** An app by its id or its name, as paths of the API name it; what looks like an id may also be a name. */
    public Optional<Versioned<App>> findApp(String idOrName) {
        if (Ids.isId(idOrName)) {
            Optional<Versioned<App>> byId = apps.find(AppId.of(idOrName).toString());
            if (byId.isPresent()) {
                return byId;
            }
        }
        if (idOrName.isEmpty() || idOrName.length() > App.MAX_NAME_LENGTH) {
            return Optional.empty();
        }
        return store.get(appNameKey(idOrName)).flatMap(entry -> apps.find(entry.value()));
    }

    /** The id of an app that is named by its id or its name, as far as this replica of the store knows it; asks no other. */
    public Optional<AppId> knownAppId(String idOrName) {
        if (Ids.isId(idOrName)) {
            AppId id = AppId.of(idOrName);
            if (store.get(apps.key(id.toString()), Consistency.STALE).isPresent()) {
                return Optional.of(id);
            }
        }
        return idOrName.isEmpty() || idOrName.length() > App.MAX_NAME_LENGTH
                ? Optional.empty()
                : store.get(appNameKey(idOrName), Consistency.STALE).map(entry -> AppId.of(entry.value()));
    }
}
