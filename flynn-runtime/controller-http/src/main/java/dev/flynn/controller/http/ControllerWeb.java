package dev.flynn.controller.http;

import dev.flynn.base.Closer;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.controller.Controller;
import dev.flynn.spi.auth.Authenticator;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import org.glassfish.grizzly.http.server.HttpServer;
import org.glassfish.grizzly.http.server.NetworkListener;
import org.glassfish.grizzly.threadpool.ThreadPoolConfig;
import org.glassfish.jersey.grizzly2.httpserver.GrizzlyHttpContainer;
import org.glassfish.jersey.server.ContainerFactory;

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
    private final ControllerApi api;
    private final NetworkListener listener;
    private final OpenConnections connections = new OpenConnections();

    private ControllerWeb(ControllerConfig config, Controller controller, Authenticator others) throws IOException {
        this.api = closer.register(new ControllerApi(config, controller, others));
        ExecutorService input =
                java.util.concurrent.Executors.newCachedThreadPool(new NamedThreads("controller-attach"));
        var attach = api.attachHandler(input);
        var strangers = new Strangers();
        var door = new FrontDoor(
                api.door(address -> false),
                strangers,
                api.failures(),
                ContainerFactory.createContainer(GrizzlyHttpContainer.class, api.application()),
                attach,
                api.audit());
        this.listener = listener(config);
        var inFlight = new InFlight();
        HttpServer server = server(listener, door, new RequestLog(api.audit()), inFlight);
        listener.getTransport().getConnectionMonitoringConfig().addProbes(connections);
        closer.register(() -> stop(server, door, inFlight));
        closer.register(() -> Executors.stop(input, "attached input", STOP_PATIENCE));
        closer.register(attach);
        closer.register(this::endStreams);
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

    private void stop(HttpServer server, FrontDoor door, InFlight inFlight) throws IOException, InterruptedException {
        listener.getTransport().unbindAll();
        inFlight.awaitNone(STOP_PATIENCE);
        // on connections that are still there
        door.shut();
        inFlight.awaitNone(STOP_PATIENCE);
        server.shutdownNow();
        connections.close();
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
        listener.getTransport()
                .setWorkerThreadPoolConfig(
                        threads("controller-web").setCorePoolSize(4).setMaxPoolSize(MAX_WORKERS));
        listener.getTransport().setKernelThreadPoolConfig(threads("controller-io"));
        listener.registerAddOn(new UpgradeFilter());
        return listener;
    }

    /** Grizzly's own threads: they keep buffers and objects from one request to the next, which others do not. */
    private static ThreadPoolConfig threads(String name) {
        return ThreadPoolConfig.defaultConfig().setPoolName(name).setDaemon(true);
    }

    /** What there is to ask for. */
    PathTable paths() {
        return api.paths();
    }

    /** Ends what goes on for long, and refuses more of it; other requests are answered still. */
    void endStreams() {
        api.eventLanes().close();
        api.streams().close();
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
