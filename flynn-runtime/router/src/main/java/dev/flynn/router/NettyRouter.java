package dev.flynn.router;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.route.RoutePolicy;
import dev.flynn.base.NamedThreads;
import dev.flynn.router.policy.Gate;
import dev.flynn.router.policy.SecretBox;
import dev.flynn.router.table.Backend;
import dev.flynn.router.table.Drains;
import dev.flynn.router.table.Health;
import dev.flynn.router.table.Meters;
import dev.flynn.router.table.RoutingTable;
import dev.flynn.router.telemetry.AccessLog;
import dev.flynn.router.telemetry.AccessLogFormat;
import dev.flynn.router.telemetry.Meter;
import dev.flynn.router.telemetry.Traffic;
import dev.flynn.router.tls.TlsContexts;
import dev.flynn.router.tls.TlsEngine;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.router.ApplyResult;
import dev.flynn.spi.router.ApplyResult.Problem;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.Router;
import dev.flynn.spi.router.RouterCapability;
import dev.flynn.spi.router.RouterListener;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A router for HTTP/1.1, HTTP/2 and TLS on Netty.
 *
 * <p>It needs nothing but a table:
 *
 * <pre>{@code
 * try (NettyRouter router = NettyRouter.builder().httpPort(8080).build()) {
 *     router.apply(RouteTable.builder()
 *             .route(HttpRoute.to("shop.example.org", "shop"))
 *             .backends("shop", "127.0.0.1:9001", "127.0.0.1:9002")
 *             .build());
 *     …
 * }
 * }</pre>
 *
 * <p>Requests are balanced by turns, and away from backends that have more in flight. Thread-safe.
 */
public final class NettyRouter implements Router {

    private static final Logger log = LoggerFactory.getLogger(NettyRouter.class);

    /** What every router of this kind can do; it adds {@code TLS} when it listens for that. */
    public static final Set<RouterCapability> CAPABILITIES = Set.of(
            RouterCapability.UPGRADE,
            RouterCapability.STICKY,
            RouterCapability.HTTP_2,
            RouterCapability.HALF_CLOSE,
            RouterCapability.H2C,
            RouterCapability.WEB_SOCKET_IN_HTTP_2,
            RouterCapability.H2C_BACKENDS,
            RouterCapability.TCP,
            RouterCapability.DRAIN_EVENTS,
            RouterCapability.HTTPS_REDIRECT,
            RouterCapability.MAINTENANCE,
            RouterCapability.CONCURRENCY_LIMIT,
            RouterCapability.RATE_LIMIT,
            RouterCapability.PORTS,
            RouterCapability.BASIC_AUTH,
            RouterCapability.DIGEST_AUTH,
            RouterCapability.HEALTH_CHECKS,
            RouterCapability.TIMEOUTS,
            RouterCapability.IDLE_TIMEOUT,
            RouterCapability.KEEP_ALIVE_SWITCH,
            RouterCapability.WEIGHTS,
            RouterCapability.BODY_LIMIT,
            RouterCapability.HEADERS,
            RouterCapability.ACME_CHALLENGES);

    private static final int DEFAULT_HTTPS_PORT = 443;
    private static final Duration ABORT_PATIENCE = Duration.ofSeconds(5);

    private final RouterCore core;
    private final @Nullable AccessLog accessLog;
    private final EventLoopGroup eventLoops;
    private final Map<EventExecutor, RouterLoop> loops = new IdentityHashMap<>();
    private final TlsContexts tls;
    private final Drains drains;
    private final Listeners listeners;
    private final Object applying = new Object();
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Only to be touched by who is {@link #applying}. */
    private boolean ended;

    private @Nullable InetSocketAddress httpAddress;
    private @Nullable InetSocketAddress httpsAddress;

    private NettyRouter(Builder builder) {
        this.accessLog = builder.accessLog();
        this.core = new RouterCore(
                builder.config, builder.cookieKey, new Meters(builder.eventLoops), accessLog, builder.unavailablePage);
        this.tls = new TlsContexts(builder.tlsEngine, builder.legacyTls, builder.cookieKey);
        Optional<SslContext> defaultTls = builder.defaultCertificate.map(tls::load);
        this.eventLoops = new MultiThreadIoEventLoopGroup(
                builder.eventLoops,
                new DefaultThreadFactory(
                        builder.threadName,
                        true,
                        Thread.NORM_PRIORITY,
                        Thread.currentThread().getThreadGroup()),
                builder.transport.ioHandlers());
        this.drains = new Drains(eventLoops.next());
        this.listeners = new Listeners(
                builder.transport.server(builder.sharesPorts).group(eventLoops),
                builder.listenIp,
                new ClientPipelines(core, this::loop, builder.proxyProtocol, builder.doesTls(), defaultTls));
        try {
            for (EventExecutor executor : eventLoops) {
                EventLoop eventLoop = (EventLoop) executor;
                loops.put(eventLoop, new RouterLoop(core, eventLoop, loops.size(), builder.transport));
            }
            loops.values().forEach(RouterLoop::start);
            tls.refreshOn(eventLoops.next());
            builder.table.requireSupported(capabilities(builder.doesTls()));
            replaceTable(compile(builder.table));
            listen(builder);
            listeners.listenFor(builder.table).forEach(NettyRouter::logProblem);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    public static Builder builder() {
        return new Builder();
    }

    @Override
    public Set<RouterCapability> capabilities() {
        return capabilities(httpsAddress != null);
    }

    private static Set<RouterCapability> capabilities(boolean tls) {
        Set<RouterCapability> capabilities = EnumSet.copyOf(CAPABILITIES);
        if (tls) {
            capabilities.add(RouterCapability.TLS);
        }
        return Set.copyOf(capabilities);
    }

    /** Opens the router's own ports; the addresses are those of the first ones. */
    private void listen(Builder builder) {
        for (int port : builder.httpPorts) {
            InetSocketAddress address = listeners.open(port, false);
            httpAddress = httpAddress == null ? address : httpAddress;
        }
        for (int port : builder.httpsPorts) {
            InetSocketAddress address = listeners.open(port, true);
            httpsAddress = httpsAddress == null ? address : httpsAddress;
        }
        int publicPort = httpsAddress == null ? DEFAULT_HTTPS_PORT : httpsAddress.getPort();
        core.httpsPort(builder.publicHttpsPort.orElse(publicPort));
    }

    /**
     * {@inheritDoc}
     *
     * <p>A backend's name that is not an IP address is resolved once, here. A route whose certificate cannot be used gets
     * the default one, and an error in the log. While the router closes, what is still in flight, and the last requests,
     * are carried by the newest table.
     *
     * @throws FlynnException {@code VALIDATION} if a backend's address is not {@code host:port}, or a route needs what this
     *     router cannot do; the old table stays
     */
    @Override
    public ApplyResult apply(RouteTable table) {
        table.requireSupported(capabilities());
        synchronized (applying) {
            if (ended) {
                throw new IllegalStateException("the router is closed");
            }
            RoutingTable previous = core.table();
            RoutingTable next = compile(table);
            replaceTable(next);
            previous.metersGoneIn(next).forEach(Meter::retire);
            retire(previous.retiredBy(next), previous.contextsRetiredBy(next));
            List<Problem> problems = new ArrayList<>(next.problems());
            if (!closed.get()) {
                problems.addAll(listeners.listenFor(table));
            }
            return new ApplyResult(problems);
        }
    }

    private RoutingTable compile(RouteTable table) {
        return RoutingTable.compile(table, core.table(), core.meters(), tls::load, this::gate);
    }

    private Gate gate(RoutePolicy policy) {
        return new Gate(policy, core.nonces());
    }

    /** What is to be checked from now on is shared out among the loops. */
    private void replaceTable(RoutingTable next) {
        RoutingTable previous = core.table();
        core.replaceTable(next);
        for (Health health : next.healthsSince(previous)) {
            loop(eventLoops.next()).check(health);
        }
    }

    /** Once no loop looks into an older table. */
    private void retire(List<Backend> retired, List<SslContext> retiredTls) {
        if (retired.isEmpty() && retiredTls.isEmpty()) {
            return;
        }
        retired.forEach(Backend::retire);
        var unused = CompletableFuture.allOf(
                        loops.values().stream().map(RouterLoop::forgetRetired).toArray(CompletableFuture<?>[]::new))
                .thenRun(() -> {
                    retired.forEach(backend -> backend.whenDrained(drains::tell));
                    tls.release(retiredTls);
                });
    }

    private static void logProblem(Problem problem) {
        log.atError()
                .addKeyValue("route", problem.routeId())
                .addKeyValue("reason", problem.reason())
                .log("a route does not serve as it says");
    }

    @Override
    public Subscription watch(RouterListener listener) {
        return drains.watch(listener);
    }

    /** What was carried so far, for each route and backend of the table. Counting costs requests next to nothing; asking costs. */
    public Traffic traffic() {
        return core.meters().traffic(core.table());
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if it is not, see {@link Builder#withoutHttp}
     */
    @Override
    public InetSocketAddress httpAddress() {
        if (httpAddress == null) {
            throw new IllegalStateException("this router does not listen for plain HTTP");
        }
        return httpAddress;
    }

    @Override
    public Optional<InetSocketAddress> httpsAddress() {
        return Optional.ofNullable(httpsAddress);
    }

    /** Stops accepting, lets requests in flight finish for the grace time, then closes what is left. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        core.startClosing();
        synchronized (applying) {
            listeners.close();
        }
        if (!within(core.config().closeGrace(), RouterLoop::drain)) {
            log.atInfo().log("requests in flight were cut off when the time to close was over");
        }
        synchronized (applying) {
            ended = true;
        }
        within(ABORT_PATIENCE, RouterLoop::abort);
        eventLoops
                .shutdownGracefully(0, ABORT_PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .awaitUninterruptibly(ABORT_PATIENCE.toSeconds(), TimeUnit.SECONDS);
        tls.close();
        if (accessLog != null) {
            accessLog.close();
        }
    }

    private boolean within(Duration patience, Function<RouterLoop, CompletableFuture<Void>> step) {
        CompletableFuture<?>[] steps = loops.values().stream().map(step).toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(steps).get(patience.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            log.atWarn().setCause(e).log("closing failed");
            return false;
        }
    }

    private RouterLoop loop(Channel channel) {
        return loop(channel.eventLoop());
    }

    private RouterLoop loop(EventExecutor eventLoop) {
        return requireNonNull(loops.get(eventLoop), "loop");
    }

    /** What a router is made of. Ports may be 0: the system picks one, see {@link NettyRouter#httpAddress}. */
    public static final class Builder {

        private String listenIp = Transport.anyAddress();
        private final List<Integer> httpPorts = new ArrayList<>(List.of(80));
        private final List<Integer> httpsPorts = new ArrayList<>();
        private Optional<Integer> publicHttpsPort = Optional.empty();
        private Optional<RouteTable.Certificate> defaultCertificate = Optional.empty();
        private byte[] cookieKey = randomKey();
        private RouteTable table = RouteTable.EMPTY;
        private boolean proxyProtocol;
        private boolean sharesPorts;
        private TlsEngine.Kind tlsEngine = TlsEngine.Kind.AUTO;
        private boolean legacyTls;
        private int eventLoops = Runtime.getRuntime().availableProcessors();
        private String threadName = "router";
        private Transport transport = Transport.best();
        private RouterConfig config = RouterConfig.DEFAULTS;
        private @Nullable AccessLogFormat accessLogFormat;
        private Consumer<String> accessLogLines = line -> {};
        private byte[] unavailablePage = new byte[0];

        private Builder() {}

        /**
         * Where to listen; if not told, all addresses of the machine. {@code ::} takes clients of IPv4 too, {@code 0.0.0.0} no
         * others.
         */
        public Builder listenIp(String value) {
            listenIp = requireNonNull(value, "listenIp");
            return this;
        }

        /** Where to listen for plain HTTP, in the place of 80. */
        public Builder httpPort(int value) {
            httpPorts.clear();
            httpPorts.add(requirePort(value));
            return this;
        }

        /** Listens for TLS only. */
        public Builder withoutHttp() {
            httpPorts.clear();
            return this;
        }

        /** Listens for plain HTTP on another port too. */
        public Builder additionalHttpPort(int value) {
            httpPorts.add(requirePort(value));
            return this;
        }

        /** Listens for TLS, in the place of what was told before. */
        public Builder httpsPort(int value) {
            httpsPorts.clear();
            httpsPorts.add(requirePort(value));
            return this;
        }

        /** Listens for TLS on another port too. */
        public Builder additionalHttpsPort(int value) {
            httpsPorts.add(requirePort(value));
            return this;
        }

        /** Where clients find TLS, for redirects; the first port for TLS if not told, or 443 if there is none. */
        public Builder publicHttpsPort(int value) {
            publicHttpsPort = Optional.of(requirePort(value));
            return this;
        }

        private boolean doesTls() {
            return !httpsPorts.isEmpty();
        }

        /** Serves clients that name no host, and routes without a certificate of their own. */
        public Builder defaultCertificate(RouteTable.Certificate value) {
            defaultCertificate = Optional.of(value);
            return this;
        }

        /**
         * 32 bytes that seal sticky cookies. Routers with the same key understand each other's; if not told, a random one
         * makes sessions hold until this router closes.
         */
        public Builder cookieKey(byte[] value) {
            cookieKey = value.clone();
            return this;
        }

        /** What to serve from the first request on; an empty table if not told. */
        public Builder table(RouteTable value) {
            table = requireNonNull(value, "table");
            return this;
        }

        /**
         * Whether connections may begin with a header of the PROXY protocol, version 1 or 2, which tells the client's
         * address; off if not told. Only for routers that nobody reaches but load balancers: whoever does may claim any address.
         */
        public Builder proxyProtocol(boolean value) {
            proxyProtocol = value;
            return this;
        }

        /**
         * Lets another router that shares its ports, of the same user, listen on the same ones: connections go to either of
         * them until one closes. So a router is replaced without a moment in which nobody listens. Not told, a port that is
         * taken is an error.
         */
        public Builder sharePorts() {
            sharesPorts = true;
            return this;
        }

        /**
         * What does TLS: {@code openssl}, with Netty's native library ({@code netty-tcnative-boringssl-static} on the class
         * path), which is faster; {@code jdk}; or {@code auto}, if not told, which takes OpenSSL where it is there.
         *
         * @throws FlynnException {@code VALIDATION} for another name
         */
        public Builder tlsEngine(String name) {
            tlsEngine = TlsEngine.Kind.parse(name);
            return this;
        }

        /** Allows TLS 1.0 and 1.1 too, which RFC 8996 says nobody must use; only with OpenSSL. Off if not told. */
        public Builder legacyTls(boolean value) {
            legacyTls = value;
            return this;
        }

        /** How many threads carry the traffic; one per processor if not told. */
        public Builder eventLoops(int value) {
            if (value < 1) {
                throw FlynnException.invalid("eventLoops must be at least 1, was " + value);
            }
            eventLoops = value;
            return this;
        }

        /** What the names of its threads begin with; {@code router} if not told. */
        public Builder threadName(String value) {
            threadName = requireNonNull(value, "threadName");
            return this;
        }

        /** For a request's head to arrive; one minute if not told. */
        public Builder headTimeout(Duration value) {
            return change(config -> config.withHeadTimeout(value));
        }

        /** For which a connection without a request is kept; five minutes if not told. */
        public Builder clientIdle(Duration value) {
            return change(config -> config.withClientIdle(value));
        }

        /** For a backend to accept a connection; one second if not told. */
        public Builder dialTimeout(Duration value) {
            return change(config -> config.withDialTimeout(value));
        }

        /** For a backend to begin its response; ten minutes if not told. A response that has begun may pause. */
        public Builder responseTimeout(Duration value) {
            return change(config -> config.withResponseTimeout(value));
        }

        /** For which a connection to a backend is kept without a request; four seconds if not told. */
        public Builder backendIdle(Duration value) {
            return change(config -> config.withBackendIdle(value));
        }

        /** For the rest of a request that was answered early; thirty seconds if not told. */
        public Builder linger(Duration value) {
            return change(config -> config.withLinger(value));
        }

        /** For requests in flight when the router closes; ten seconds if not told. */
        public Builder closeGrace(Duration value) {
            return change(config -> config.withCloseGrace(value));
        }

        /**
         * Tells of each request when it is over; no log if not told.
         *
         * @param lines takes one line at a time, without its end, from one thread of the router's own; when it blocks for
         *     long, lines are dropped and counted, and requests go on
         */
        public Builder accessLog(AccessLogFormat format, Consumer<String> lines) {
            accessLogFormat = requireNonNull(format, "format");
            accessLogLines = requireNonNull(lines, "lines");
            return this;
        }

        /** HTML that clients see with 503 instead of the router's own; those who want JSON get that. */
        public Builder unavailablePage(byte[] html) {
            unavailablePage = html.clone();
            return this;
        }

        private @Nullable AccessLog accessLog() {
            return accessLogFormat == null
                    ? null
                    : new AccessLog(
                            accessLogFormat,
                            accessLogLines,
                            AccessLog.CAPACITY,
                            new NamedThreads(threadName + "-access-log")::newThread);
        }

        /** For tests of the transport that the machine would not choose. */
        Builder transport(Transport value) {
            transport = value;
            return this;
        }

        /**
         * Starts the router.
         *
         * @throws FlynnException {@code SERVICE_UNAVAILABLE} if an address cannot be listened on, {@code VALIDATION} if a
         *     setting is wrong
         */
        public NettyRouter build() {
            return new NettyRouter(this);
        }

        private Builder change(UnaryOperator<RouterConfig> changed) {
            config = changed.apply(config);
            return this;
        }

        private static int requirePort(int port) {
            if (port < 0 || port > 65_535) {
                throw FlynnException.invalid("a port must be 0 to 65535, was " + port);
            }
            return port;
        }

        private static byte[] randomKey() {
            byte[] key = new byte[SecretBox.KEY_BYTES];
            new SecureRandom().nextBytes(key);
            return key;
        }
    }
}
