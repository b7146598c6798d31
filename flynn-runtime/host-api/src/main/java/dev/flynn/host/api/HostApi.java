package dev.flynn.host.api;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.JobId;
import dev.flynn.base.Closer;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.disk.HostDisk;
import dev.flynn.identity.HostCredentials;
import dev.flynn.json.FlynnJson;
import dev.flynn.logs.LogMux;
import dev.flynn.spi.host.HostConnection;
import dev.flynn.state.ClusterState;
import dev.flynn.volumes.Volumes;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP API of one host (contract: layer 0, HTTP endpoints). It reads and writes the jobs of its host in the cluster store;
 * the agent does what is written there.
 *
 * <pre>{@code
 * try (var api = HostApi.builder(facts, state, agent.connect("host1"), logs)
 *         .security(HostApiSecurity.ofCluster(credentials, keys))
 *         .listen(new InetSocketAddress("10.0.0.1", 1113))
 *         .start()) {
 *     …
 * }
 * }</pre>
 */
public final class HostApi implements AutoCloseable {

    private static final int MAX_CONNECTIONS = 10_000;
    private static final int IDLE_SECONDS = 60;
    private static final int LOW_WATER = 32 << 10;
    private static final int HIGH_WATER = 128 << 10;
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(3);

    private final Closer closer = new Closer();
    private final HostApiSecurity security;
    private final FlynnJson json;
    private final HostJobs jobs;
    private final HostConnection host;
    private final LogMux logs;
    private final EventHub events;
    private final Endpoints endpoints;
    private final ImageEndpoints images;
    private final Strangers strangers = new Strangers();
    private final Duration keepAlive;
    private final ExecutorService executor;
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    private final InetSocketAddress address;

    private HostApi(Builder builder) {
        this.security = requireNonNull(builder.security, "security");
        this.json = builder.state.json();
        this.jobs = new HostJobs(builder.state, builder.facts.hostId());
        this.host = builder.host;
        this.logs = builder.logs;
        this.keepAlive = builder.keepAlive;
        this.executor = newExecutor();
        try {
            closer.register(() -> Executors.stop(executor, "host-api", STOP_PATIENCE));
            this.events = closer.register(new EventHub(jobs));
            this.images = new ImageEndpoints(builder.images, json);
            this.endpoints = new Endpoints(
                    builder.facts,
                    builder.state,
                    jobs,
                    host,
                    builder.deregister,
                    events,
                    images,
                    new StorageEndpoints(builder.volumes, builder.access, builder.state),
                    new DiskEndpoints(builder.disk, json),
                    executor,
                    security.tls().isPresent() ? "https" : "http");
            ServerSocketChannel bound = builder.bound();
            this.address = (InetSocketAddress) bound.getLocalAddress();
            security.requireAddress(address);
            serve(bound);
            // first, so that clients learn why their streams end
            closer.register(events::close);
        } catch (IOException e) {
            throw closedAfter(new UncheckedIOException(e));
        } catch (RuntimeException e) {
            throw closedAfter(e);
        }
    }

    private RuntimeException closedAfter(RuntimeException failure) {
        closer.closeAfter(failure);
        return failure;
    }

    /** Threads come and go with those who wait: an attachment to a job that does not read has one. */
    private static ExecutorService newExecutor() {
        return new ThreadPoolExecutor(
                0, MAX_CONNECTIONS, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), new NamedThreads("host-api"));
    }

    private void serve(ServerSocketChannel bound) {
        Optional<SslContext> tls = security.tls().map(HostApi::tls);
        var group = new MultiThreadIoEventLoopGroup(1, new NamedThreads("host-api-io"), NioIoHandler.newFactory());
        closer.register(() -> group.shutdownGracefully(0, 1, TimeUnit.SECONDS).await(2, TimeUnit.SECONDS));
        closer.register(() -> connections.close().await(1, TimeUnit.SECONDS));
        Channel listener = new ServerBootstrap()
                .group(group)
                .channelFactory(() -> new NioServerSocketChannel(bound))
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(LOW_WATER, HIGH_WATER))
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accept(channel, tls);
                    }
                })
                .register()
                .syncUninterruptibly()
                .channel();
        closer.register(() -> listener.close().await(1, TimeUnit.SECONDS));
    }

    private void accept(Channel channel, Optional<SslContext> tls) {
        if (connections.size() >= MAX_CONNECTIONS) {
            channel.close();
            return;
        }
        connections.add(channel);
        tls.ifPresent(context -> channel.pipeline().addLast(context.newHandler(channel.alloc())));
        channel.pipeline()
                .addLast(
                        new HttpServerCodec(),
                        new IdleStateHandler(IDLE_SECONDS, 0, 0),
                        new BodyLimit(json),
                        new ApiConnection(this));
    }

    private static SslContext tls(HostCredentials credentials) {
        try {
            return SslContextBuilder.forServer(credentials.keyManager())
                    .trustManager(credentials.trustManager())
                    .clientAuth(ClientAuth.OPTIONAL)
                    .sslProvider(SslProvider.JDK)
                    .protocols("TLSv1.3")
                    .build();
        } catch (SSLException e) {
            throw FlynnException.internal("cannot use the host's certificate for TLS", e);
        }
    }

    // what a connection needs

    HostApiSecurity security() {
        return security;
    }

    FlynnJson json() {
        return json;
    }

    HostJobs jobs() {
        return jobs;
    }

    HostConnection host() {
        return host;
    }

    LogMux logs() {
        return logs;
    }

    EventHub events() {
        return events;
    }

    Endpoints endpoints() {
        return endpoints;
    }

    ImageEndpoints images() {
        return images;
    }

    Strangers strangers() {
        return strangers;
    }

    Duration keepAlive() {
        return keepAlive;
    }

    ExecutorService executor() {
        return executor;
    }

    // the door

    /**
     * @param host the agent of this host
     * @param logs the lines of this host's jobs
     */
    public static Builder builder(HostFacts facts, ClusterState state, HostConnection host, LogMux logs) {
        return new Builder(facts, state, host, logs);
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return address;
    }

    /** Ends all connections; the jobs go on. */
    @Override
    public void close() {
        closer.close();
    }

    /** Collects what the API needs. */
    public static final class Builder {

        private final HostFacts facts;
        private final ClusterState state;
        private final HostConnection host;
        private final LogMux logs;
        private Consumer<JobId> deregister = job -> {
            throw FlynnException.unsupported("taking a job out of discovery");
        };
        private Optional<Volumes> volumes = Optional.empty();
        private Optional<HostDisk> disk = Optional.empty();
        private HostClientAccess access = HostClientAccess.open();
        private HostImages images = HostImages.none("this host keeps no images");
        private Duration keepAlive = Duration.ofSeconds(30);
        private InetSocketAddress address = new InetSocketAddress("127.0.0.1", 1113);
        private @Nullable ServerSocketChannel listener;
        private @Nullable HostApiSecurity security;

        private Builder(HostFacts facts, ClusterState state, HostConnection host, LogMux logs) {
            this.facts = requireNonNull(facts, "facts");
            this.state = requireNonNull(state, "state");
            this.host = requireNonNull(host, "host");
            this.logs = requireNonNull(logs, "logs");
        }

        ClusterState state() {
            return state;
        }

        /** Who may use it; required. */
        public Builder security(HostApiSecurity value) {
            security = requireNonNull(value, "security");
            return this;
        }

        /** Where it listens: port 1113 of loopback unless said; port 0 is any free one. */
        public Builder listen(InetSocketAddress value) {
            address = requireNonNull(value, "address");
            return this;
        }

        /** A socket that listens already; it is closed with the API. */
        public Builder listen(ServerSocketChannel value) {
            listener = requireNonNull(value, "listener");
            return this;
        }

        /** Takes a running job's services out of discovery; refused unless said. */
        public Builder deregister(Consumer<JobId> value) {
            deregister = requireNonNull(value, "deregister");
            return this;
        }

        /** The volumes of this host; none unless said. */
        public Builder volumes(Volumes value) {
            volumes = Optional.of(value);
            return this;
        }

        /** The disk of this host; not told of unless said. */
        public Builder disk(HostDisk value) {
            disk = Optional.of(value);
            return this;
        }

        /** How this host asks others, for snapshots; as open ones unless said. */
        public Builder access(HostClientAccess value) {
            access = requireNonNull(value, "access");
            return this;
        }

        /** The images of this host; it has none unless said. */
        public Builder images(HostImages value) {
            images = requireNonNull(value, "images");
            return this;
        }

        /** How long a stream of events may be silent; half a minute unless said. */
        Builder keepAlive(Duration value) {
            keepAlive = value;
            return this;
        }

        private ServerSocketChannel bound() {
            return listener != null ? listener : bind(address);
        }

        /** @throws FlynnException {@code CONFLICT} if it cannot listen there, {@code VALIDATION} if it must not */
        public HostApi start() {
            return new HostApi(this);
        }
    }

    /**
     * Takes an address at once; whoever connects waits until an API serves there.
     *
     * @throws FlynnException {@code CONFLICT} if it is taken
     */
    public static ServerSocketChannel bind(InetSocketAddress address) {
        try {
            ServerSocketChannel channel = ServerSocketChannel.open();
            try {
                channel.bind(address, 512);
                channel.configureBlocking(false);
                return channel;
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw FlynnException.conflict("the host's API cannot listen on %s:%d: %s; free it, or choose another port"
                    .formatted(address.getAddress().getHostAddress(), address.getPort(), e.getMessage()));
        }
    }
}
