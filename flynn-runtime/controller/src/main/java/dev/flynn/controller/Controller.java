package dev.flynn.controller;

import dev.flynn.base.DiskReserve;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.host.HostConnections;
import dev.flynn.spi.log.AppLogs;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.state.ClusterState;
import dev.flynn.state.route.RouteCatalog;
import java.util.Map;
import java.util.Optional;

/**
 * What can be done with a cluster, as methods: what the HTTP API calls, and what a program that embeds the controller calls.
 *
 * <p>It keeps nothing itself, so that there may be several on one cluster; what takes time is carried out by a
 * {@link DeploymentWorker} and a scheduler, wherever they run. Thread-safe.
 */
public final class Controller {

    private final ClusterState state;
    private final AppLogs logs;
    private final AppCatalog apps;
    private final ReleaseCatalog releases;
    private final FormationCatalog formations;
    private final ScaleRequests scaleRequests;
    private final ReleaseCollector releaseCollector;
    private final VolumeCatalog volumes;
    private final SinkCatalog sinks;
    private final DomainMigrations domainMigrations;
    private final ClusterBackups backups;
    private final SlugCatalog slugs;
    private final ImageCatalog images;
    private final DeploymentCatalog deployments;
    private final RouteCatalog routes;
    private final ProviderCatalog providers;
    private final JobCatalog jobs;

    /** A controller that knows no providers but those that speak HTTP. */
    public Controller(
            ClusterState state,
            Discovery discovery,
            HostConnections hosts,
            AppLogs logs,
            DiskReserve disk,
            Optional<String> defaultRouteDomain) {
        this(state, discovery, hosts, logs, disk, defaultRouteDomain, Map.of());
    }

    /**
     * @param hosts run one-off jobs
     * @param disk refuses new work when it is used up
     * @param defaultRouteDomain the cluster's domain; without one apps get no default route
     * @param providers of resources in this process, each by the name in its URL {@code builtin:<name>}; a {@link
     *     DeploymentWorker} of the same cluster needs them too; the caller closes them
     */
    public Controller(
            ClusterState state,
            Discovery discovery,
            HostConnections hosts,
            AppLogs logs,
            DiskReserve disk,
            Optional<String> defaultRouteDomain,
            Map<String, ResourceProvider> providers) {
        var tables = new ControllerTables(state);
        this.state = state;
        this.logs = logs;
        this.routes = new RouteCatalog(state);
        this.apps = new AppCatalog(state, tables, routes, defaultRouteDomain);
        this.releases = new ReleaseCatalog(state, tables, disk);
        this.formations = new FormationCatalog(state, tables, disk);
        this.scaleRequests = new ScaleRequests(state, tables, disk);
        this.releaseCollector = new ReleaseCollector(state, tables);
        this.volumes = new VolumeCatalog(state);
        this.sinks = new SinkCatalog(state);
        this.domainMigrations = new DomainMigrations(state, tables, defaultRouteDomain);
        this.backups = new ClusterBackups(state, tables, formations, new ClusterHttp(discovery));
        this.slugs = new SlugCatalog(state, tables, discovery);
        this.images = new ImageCatalog(state, releases, discovery);
        this.deployments = new DeploymentCatalog(state, tables, apps, disk);
        this.providers = new ProviderCatalog(
                state, tables, apps, new ResourceProviders(providers, new ClusterHttp(discovery), state.json()));
        this.jobs = new JobCatalog(
                state,
                new JobReports(state, tables),
                new JobRunner(state, discovery, hosts, disk),
                new JobStopper(state));
    }

    /** The facts that everything here reads and writes. */
    public ClusterState state() {
        return state;
    }

    public AppCatalog apps() {
        return apps;
    }

    public ReleaseCatalog releases() {
        return releases;
    }

    public FormationCatalog formations() {
        return formations;
    }

    public ScaleRequests scaleRequests() {
        return scaleRequests;
    }

    public ReleaseCollector releaseCollector() {
        return releaseCollector;
    }

    public VolumeCatalog volumes() {
        return volumes;
    }

    public SinkCatalog sinks() {
        return sinks;
    }

    public DomainMigrations domainMigrations() {
        return domainMigrations;
    }

    public ClusterBackups backups() {
        return backups;
    }

    public SlugCatalog slugs() {
        return slugs;
    }

    public ImageCatalog images() {
        return images;
    }

    public DeploymentCatalog deployments() {
        return deployments;
    }

    public RouteCatalog routes() {
        return routes;
    }

    public ProviderCatalog providers() {
        return providers;
    }

    public JobCatalog jobs() {
        return jobs;
    }

    public AppLogs logs() {
        return logs;
    }
}
