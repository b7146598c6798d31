package dev.flynn.router.program;

import static java.util.Objects.requireNonNull;

import dev.flynn.base.Closer;
import dev.flynn.router.NettyRouter;
import dev.flynn.router.api.RouterApi;
import dev.flynn.router.api.RouterEvents;
import dev.flynn.router.telemetry.Traffic;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.builtin.BuiltinProgram;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.Router;
import dev.flynn.state.ClusterState;
import dev.flynn.state.route.RouteCatalog;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The router as an app of the platform: serves the routes of the cluster's state with the instances that discovery knows.
 *
 * <p>It reads its settings from the job's environment, see {@link RouterSettings}.
 */
public final class RouterProgram implements BuiltinProgram {

    private static final Logger log = LoggerFactory.getLogger(RouterProgram.class);

    private final ClusterState state;
    private final Discovery discovery;
    private final RouterKinds kinds;
    private final Supplier<String> clusterKey;
    private final TableCompletion.Factory completions;
    private final SharedPorts ports = new SharedPorts();

    /**
     * @param kinds those that a job may ask for
     * @param clusterKey of those who may use the router's API; empty while there is none
     */
    public RouterProgram(ClusterState state, Discovery discovery, RouterKinds kinds, Supplier<String> clusterKey) {
        this(state, discovery, kinds, clusterKey, TableCompletion.NONE);
    }

    /**
     * @param kinds those that a job may ask for
     * @param clusterKey of those who may use the router's API; empty while there is none
     * @param completions adds to the tables of the routers
     */
    public RouterProgram(
            ClusterState state,
            Discovery discovery,
            RouterKinds kinds,
            Supplier<String> clusterKey,
            TableCompletion.Factory completions) {
        this.completions = requireNonNull(completions, "completions");
        this.state = requireNonNull(state, "state");
        this.discovery = requireNonNull(discovery, "discovery");
        this.kinds = requireNonNull(kinds, "kinds");
        this.clusterKey = requireNonNull(clusterKey, "clusterKey");
    }

    /**
     * Tells the system to lose no connection when a router is replaced; a setting of the machine's network, which only root
     * may change. Nothing happens where that is not possible.
     */
    public static void prepareMachine() {
        SharedPorts.handOverWaitingConnections();
    }

    @Override
    public String name() {
        return "router";
    }

    /** Returns once every route that is there serves. */
    @Override
    public RunningRouter start(BuiltinJob job) {
        RouterSettings settings = RouterSettings.of(job.env());
        Closer opened = new Closer();
        try {
            RouterEvents events = new RouterEvents(state.json());
            RouteTableFeed feed = opened.register(
                    new RouteTableFeed(state, discovery, job.spec().id().value(), events, completions));
            RouteTable first = feed.firstTable();
            Stream.concat(settings.allHttpPorts().stream(), settings.allHttpsPorts().stream())
                    .forEach(port -> opened.register(ports.share(settings.routerListenIp(), port)));
            Router router = opened.register(open(settings, first, job.out()));
            feed.feed(router);
            RouterApi api = opened.register(new RouterApi(
                    new InetSocketAddress(settings.listenIp(), settings.port()),
                    new RouteCatalog(state),
                    events,
                    clusterKey,
                    () -> traffic(router)));
            log.atInfo().addKeyValue("ports", settings).log("router serves");
            return new RunningRouter(router, api, opened);
        } catch (RuntimeException e) {
            opened.closeAfter(e);
            throw e;
        }
    }

    private Router open(RouterSettings settings, RouteTable first, PrintStream out) {
        if (!settings.router().equals(RouterKinds.DEFAULT)) {
            settings.requireNothingOfTheDefaultRouter();
            return kinds.open(settings.router(), settings, first);
        }
        NettyRouter.Builder builder = NettyRouter.builder()
                .listenIp(settings.routerListenIp())
                .sharePorts()
                .withoutHttp()
                .cookieKey(settings.cookieKey())
                .proxyProtocol(settings.proxyProtocol())
                .tlsEngine(settings.tlsEngine())
                .legacyTls(settings.legacyTls())
                .closeGrace(settings.closeGrace())
                .table(first.supportedBy(NettyRouter.CAPABILITIES, problem -> {}));
        settings.allHttpPorts().forEach(builder::additionalHttpPort);
        settings.allHttpsPorts().forEach(builder::additionalHttpsPort);
        settings.publicHttpsPort().ifPresent(builder::publicHttpsPort);
        settings.certificate().ifPresent(builder::defaultCertificate);
        settings.accessLog().ifPresent(format -> builder.accessLog(format, out::println));
        settings.unavailablePage().flatMap(UnavailablePage::fetch).ifPresent(builder::unavailablePage);
        return builder.build();
    }

    /** Routers of other kinds count nothing for us. */
    private static Traffic traffic(Router router) {
        return router instanceof NettyRouter counting ? counting.traffic() : Traffic.NONE;
    }
}
