package dev.flynn.controller.http;

import dev.flynn.access.AuditTrail;
import dev.flynn.access.ConfiguredKeys;
import dev.flynn.access.EitherAuthenticator;
import dev.flynn.access.NamedKeys;
import dev.flynn.base.Closer;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.controller.AppCatalog;
import dev.flynn.controller.Controller;
import dev.flynn.spi.auth.Authenticator;
import dev.flynn.state.ClusterState;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import org.glassfish.grizzly.http.server.HttpServer;
import org.glassfish.grizzly.http.server.NetworkListener;
import org.glassfish.grizzly.threadpool.ThreadPoolConfig;
import org.glassfish.jersey.grizzly2.httpserver.GrizzlyHttpContainer;
import org.glassfish.jersey.inject.hk2.AbstractBinder;
import org.glassfish.jersey.server.ContainerFactory;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.server.ServerProperties;

/**
 * The controller's HTTP API: the process type {@code web} of the controller. Several may run at the same time; they keep
 * nothing between requests.
 *
 * <pre>{@code
 * try (ControllerWeb web = ControllerWeb.start(config, controller)) {
 *     System.out.println("http://127.0.0.1:" + web.port());
 * }
 * }</pre>
 */
public final class ControllerWeb implements AutoCloseable {

    /** Requests that may run at the same time; streams and attached connections have threads of their own. */
    private static final int MAX_WORKERS = 64;

    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    private final Closer closer = new Closer();
    private final PathTable paths;
    private final NetworkListener listener;

    private ControllerWeb(ControllerConfig config, Controller controller, Authenticator others) throws IOException {
        ClusterState state = controller.state();
        var keys = new NamedKeys(state);
        var authenticator = new EitherAuthenticator(new ConfiguredKeys(config.authKeys()), keys, others);
        var audit = new AuditTrail(state);
        var strangers = new Strangers(state);
        var confines = new Confines(state, controller.releases());
        var streams = new Streams();
        ExecutorService input =
                java.util.concurrent.Executors.newCachedThreadPool(new NamedThreads("controller-attach"));

        var bodies = new JsonBodies(state.json());
        var failures = new Failures(state.json());
        AppCatalog apps = controller.apps();
        List<Object> endpoints = new ArrayList<>(List.of(
                new ClusterEndpoint(state, config),
                new AppsEndpoint(apps, controller.releases(), controller.releaseCollector()),
                new ReleasesEndpoint(controller.releases()),
                new ArtifactsEndpoint(controller.releases()),
                new FormationsEndpoint(
                        state,
                        bodies,
                        apps,
                        controller.releases(),
                        controller.formations(),
                        controller.scaleRequests(),
                        streams),
                new JobsEndpoint(apps, controller.jobs()),
                new DeploymentsEndpoint(apps, controller.deployments()),
                new RoutesEndpoint(apps, controller.routes()),
                new ProvidersEndpoint(apps, controller.providers()),
                new EventsEndpoint(state, apps, confines, streams),
                new AccessEndpoint(keys),
                new AuditEndpoint(state, audit, streams),
                new LogEndpoint(state.json(), apps, controller.logs(), streams)));
        endpoints.add(new DescriptionEndpoint(endpoints, state.json()));

        var attach = new AttachHandler(state, controller.jobs().runner(), bodies, confines, failures, input);
        this.paths = new PathTable(endpoints);
        var door = new FrontDoor(
                authenticator,
                strangers,
                confines,
                failures,
                paths,
                container(endpoints, bodies, failures, new Confinement(confines, state.json())),
                attach);
        this.listener = listener(config);
        var inFlight = new InFlight();
        HttpServer server = server(listener, door, new RequestLog(audit, state.clock()), inFlight);
        closer.register(authenticator);
        closer.register(audit);
        closer.register(() -> stop(server, inFlight));
        closer.register(() -> Executors.stop(input, "attached input", STOP_PATIENCE));
        closer.register(attach);
        closer.register(streams);
        closer.register(strangers);
        try {
            server.start();
        } catch (IOException | RuntimeException e) {
            closer.closeAfter(e);
            throw e;
        }
    }

    private static HttpServer server(NetworkListener listener, FrontDoor door, RequestLog requests, InFlight inFlight) {
        var server = new HttpServer();
        server.addListener(listener);
        server.getServerConfiguration().addHttpHandler(door, "/");
        server.getServerConfiguration()
                .getMonitoringConfig()
                .getWebServerConfig()
                .addProbes(requests, inFlight);
        return server;
    }

    private void stop(HttpServer server, InFlight inFlight) throws IOException, InterruptedException {
        listener.getTransport().unbindAll();
        inFlight.awaitNone(STOP_PATIENCE);
        server.shutdownNow();
    }

    /**
     * Starts the API; it serves when this returns.
     *
     * @throws IOException if the port cannot be bound
     */
    public static ControllerWeb start(ControllerConfig config, Controller controller) throws IOException {
        return start(config, controller, key -> Optional.empty());
    }

    /**
     * As {@link #start(ControllerConfig, Controller)}, with keys of others besides those of the configuration and of the store.
     *
     * @param others is closed with this
     */
    public static ControllerWeb start(ControllerConfig config, Controller controller, Authenticator others)
            throws IOException {
        return new ControllerWeb(config, controller, others);
    }

    private static NetworkListener listener(ControllerConfig config) {
        var listener = new NetworkListener("controller", config.listenIp(), config.port());
        var threads = new NamedThreads("controller-web");
        listener.getTransport()
                .setWorkerThreadPoolConfig(ThreadPoolConfig.defaultConfig()
                        .setPoolName("controller-web")
                        .setCorePoolSize(4)
                        .setMaxPoolSize(MAX_WORKERS)
                        .setThreadFactory(threads));
        listener.getTransport()
                .setKernelThreadPoolConfig(ThreadPoolConfig.defaultConfig()
                        .setPoolName("controller-io")
                        .setThreadFactory(new NamedThreads("controller-io")));
        listener.registerAddOn(new UpgradeFilter());
        return listener;
    }

    private static GrizzlyHttpContainer container(
            List<Object> endpoints, JsonBodies bodies, Failures failures, Confinement confinement) {
        var config = new ResourceConfig()
                .register(confinement)
                .register(bodies)
                .register(failures)
                .property(ServerProperties.WADL_FEATURE_DISABLE, true)
                .property(ServerProperties.FEATURE_AUTO_DISCOVERY_DISABLE, true)
                .property(ServerProperties.METAINF_SERVICES_LOOKUP_DISABLE, true)
                // nothing is held back, so that what is flushed leaves at once
                .property(ServerProperties.OUTBOUND_CONTENT_LENGTH_BUFFER, 0)
                .property(ServerProperties.RESPONSE_SET_STATUS_OVER_SEND_ERROR, true);
        endpoints.forEach(endpoint -> config.register(endpoint.getClass()));
        config.register(new AbstractBinder() {
            @Override
            protected void configure() {
                endpoints.forEach(endpoint -> bindEndpoint(this, endpoint));
            }
        });
        return ContainerFactory.createContainer(GrizzlyHttpContainer.class, config);
    }

    /** As a singleton under its class: Jersey warns of endpoints that are registered as instances. */
    private static <T> void bindEndpoint(AbstractBinder binder, T endpoint) {
        @SuppressWarnings("unchecked")
        Class<T> type = (Class<T>) endpoint.getClass();
        binder.bind(endpoint).to(type);
    }

    /** What there is to ask for. */
    PathTable paths() {
        return paths;
    }

    /** Where it listens. */
    public int port() {
        return listener.getPort();
    }

    /** Stops accepting, ends streams, lets requests in flight finish for a while. */
    @Override
    public void close() {
        closer.close();
    }
}
