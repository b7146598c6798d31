package dev.flynn.router.program;

import static java.util.Objects.requireNonNull;

import dev.flynn.base.Closer;
import dev.flynn.router.NettyRouter;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.builtin.BuiltinProgram;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.Router;
import dev.flynn.state.ClusterState;
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
    private final SharedPorts ports = new SharedPorts();

    /** @param kinds those that a job may ask for */
    public RouterProgram(ClusterState state, Discovery discovery, RouterKinds kinds) {
        this.state = requireNonNull(state, "state");
        this.discovery = requireNonNull(discovery, "discovery");
        this.kinds = requireNonNull(kinds, "kinds");
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
            RouteTableFeed feed = opened.register(
                    new RouteTableFeed(state, discovery, job.spec().id().value()));
            RouteTable first = feed.firstTable();
            Stream.concat(settings.allHttpPorts().stream(), settings.allHttpsPorts().stream())
                    .forEach(port -> opened.register(ports.share(settings.routerListenIp(), port)));
            Router router = opened.register(open(settings, first));
            feed.feed(router);
            StatusServer status = opened.register(new StatusServer(settings.listenIp(), settings.port()));
            log.atInfo().addKeyValue("ports", settings).log("router serves");
            return new RunningRouter(router, status, opened);
        } catch (RuntimeException e) {
            opened.closeAfter(e);
            throw e;
        }
    }

    private Router open(RouterSettings settings, RouteTable first) {
        if (!settings.router().equals(RouterKinds.DEFAULT)) {
            return kinds.open(settings.router(), settings, first);
        }
        NettyRouter.Builder builder = NettyRouter.builder()
                .listenIp(settings.routerListenIp())
                .sharePorts()
                .withoutHttp()
                .cookieKey(settings.cookieKey())
                .proxyProtocol(settings.proxyProtocol())
                .closeGrace(settings.closeGrace())
                .table(first.supportedBy(NettyRouter.CAPABILITIES, problem -> {}));
        settings.allHttpPorts().forEach(builder::additionalHttpPort);
        settings.allHttpsPorts().forEach(builder::additionalHttpsPort);
        settings.publicHttpsPort().ifPresent(builder::publicHttpsPort);
        settings.certificate().ifPresent(builder::defaultCertificate);
        return builder.build();
    }
}
