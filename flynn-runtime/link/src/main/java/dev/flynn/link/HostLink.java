package dev.flynn.link;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.identity.HostCredentials;
import dev.flynn.identity.JoinDesk;
import dev.flynn.spi.component.Subscription;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What connects this host with the others of its cluster: one port, one connection per other host, calls and streams in both
 * directions over it, TLS 1.3 with certificates on both sides.
 *
 * <pre>{@code
 * try (HostLink link = HostLink.builder(credentials)
 *         .listen(new InetSocketAddress("192.0.2.11", 1112))
 *         .service("clock", (caller, method, request) -> CompletableFuture.completedFuture(time()))
 *         .build()) {
 *     byte[] time = link.call("host2", "192.0.2.12:1112", "clock", "now", new byte[0], Duration.ofSeconds(1)).get();
 * }
 * }</pre>
 *
 * <ul>
 *   <li>A call reaches the host that is named, or nobody: the other's certificate must be of this cluster, current, not that
 *       of a removed host, and name that host.
 *   <li>Calls from one host to another are handed to their handler in order, as long as one connection lasts. A call is sent
 *       at most once; when it fails, the other host may have got it or not.
 *   <li>A call ends in its time, with an answer or a failure. Its future completes on a thread that serves connections: what
 *       may block goes on elsewhere ({@code thenApplyAsync}).
 *   <li>A host from which nothing comes for 3 s is taken for gone: what was under way with it fails.
 *   <li>Memory is bounded: of messages, of what waits, of what strangers may use.
 * </ul>
 *
 * <p>Thread-safe.
 */
public final class HostLink implements AutoCloseable {

    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(3);
    private static final long TICK_MILLIS = 50;
    private static final int MAX_WORKERS = 512;

    private final LinkCore core;
    private final Peers peers;
    private final @Nullable Channel listener;
    private final AtomicBoolean closed = new AtomicBoolean();

    private HostLink(Builder builder) {
        Transport transport = Transport.best();
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(
                builder.threads,
                new DefaultThreadFactory(
                        "link",
                        true,
                        Thread.NORM_PRIORITY,
                        Thread.currentThread().getThreadGroup()),
                transport.ioHandlers());
        ExecutorService workers = new ThreadPoolExecutor(
                0, MAX_WORKERS, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), new NamedThreads("link-worker"));
        this.core = new LinkCore(builder.credentials, builder.config, loops, workers);
        builder.services.forEach(this::serve);
        builder.blockingServices.forEach(this::serveBlocking);
        builder.streamServices.forEach(this::serveStreams);
        this.peers = new Peers(core, transport);
        core.whenClosed(peers::closed);
        try {
            this.listener = builder.address == null
                    ? null
                    : listen(builder.address, builder.joinDesk, transport, builder.strangersTime);
            core.advertise(builder.advertised != null ? builder.advertised : ownAddress());
        } catch (RuntimeException e) {
            shutDown();
            throw e;
        }
        var unused =
                loops.next().scheduleAtFixedRate(peers::checkTime, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    public static Builder builder(HostCredentials credentials) {
        return new Builder(credentials);
    }

    private Channel listen(
            InetSocketAddress address, @Nullable JoinDesk joinDesk, Transport transport, LongSupplier strangersTime) {
        Supplier<SslHandler> tls = Tls.server(core.credentials());
        var limits = new StrangerLimits(strangersTime);
        ChannelFuture bound = new ServerBootstrap()
                .group(core.loops())
                .channel(transport.server())
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(tls.get())
                                .addLast(new ServerGate(core, limits, joinDesk, peers::connected));
                    }
                })
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw FlynnException.unavailable(
                    "cannot listen for other hosts on %s: %s"
                            .formatted(address, bound.cause().getMessage()),
                    bound.cause());
        }
        return bound.channel();
    }

    private String ownAddress() {
        if (listener == null) {
            return "";
        }
        var bound = (InetSocketAddress) listener.localAddress();
        return bound.getAddress().isAnyLocalAddress() ? "" : Addresses.format(bound);
    }

    /** The id of this host. */
    public String hostId() {
        return core.hostId();
    }

    /** Where other hosts reach this one; port 0 was replaced by that which was found. */
    public InetSocketAddress address() {
        if (listener == null) {
            throw new IllegalStateException("this link does not listen");
        }
        return (InetSocketAddress) listener.localAddress();
    }

    /** What other hosts are told to reach this one at: {@code ip:port}. */
    public String advertisedAddress() {
        return core.advertised();
    }

    /** Calls a host; what {@code request} holds must not change any more. */
    public CompletableFuture<byte[]> call(
            String hostId, String address, String service, String method, byte[] request, Duration timeout) {
        return call(hostId, address, service, method, ByteBuffer.wrap(request), timeout)
                .thenApply(HostLink::bytes);
    }

    /**
     * Calls a host.
     *
     * @param address where it is: {@code ip:port}
     * @param request belongs to the link from now on
     * @return the answer, or a {@link FlynnException}: what the other host said; {@code SERVICE_UNAVAILABLE} if it cannot be
     *     reached, did not answer in time, or the connection was lost; {@code UNAUTHORIZED} if it is not the host that was
     *     named, or one of the two is not to be trusted
     */
    public CompletableFuture<ByteBuffer> call(
            String hostId, String address, String service, String method, ByteBuffer request, Duration timeout) {
        if (request.remaining() > core.config().maxMessageBytes()) {
            throw FlynnException.invalid("a request has at most %d bytes, this one has %d"
                    .formatted(core.config().maxMessageBytes(), request.remaining()));
        }
        var call = new PendingCall(service, method, request, timeout.toMillis());
        peers.peer(new PeerKey(hostId, address)).call(call);
        return call;
    }

    private static byte[] bytes(ByteBuffer buffer) {
        if (buffer.hasArray() && buffer.arrayOffset() == 0 && buffer.remaining() == buffer.array().length) {
            return buffer.array();
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    /**
     * Opens a stream to a host; blocks while there is no connection yet. That the host serves it is not known until something
     * comes back; a refusal reaches the listener.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} or {@code UNAUTHORIZED} if the host cannot be reached
     */
    public LinkStream openStream(
            String hostId, String address, String service, String method, byte[] argument, StreamListener listening) {
        Duration patience = core.config().connectTimeout().plus(core.config().handshakeTimeout());
        try {
            return peers.peer(new PeerKey(hostId, address))
                    .connect()
                    .get(patience.toMillis(), TimeUnit.MILLISECONDS)
                    .open(service, method, argument, listening);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted before host \"%s\" was reached".formatted(hostId), e);
        } catch (TimeoutException e) {
            throw FlynnException.unavailable("cannot reach host \"%s\" in time".formatted(hostId), e);
        } catch (ExecutionException e) {
            Throwable cause = Failures.cause(e);
            throw cause instanceof FlynnException told
                    ? new FlynnException(told.code(), told.getMessage(), told)
                    : FlynnException.unavailable(
                            "cannot reach host \"%s\": %s".formatted(hostId, cause.getMessage()), cause);
        }
    }

    /** Serves calls until the subscription is closed. */
    public Subscription serve(String service, CallHandler handler) {
        return register(core.services(), service, handler);
    }

    /** Serves calls by a method that may block, each on a thread of its own; they are not in order. */
    public Subscription serveBlocking(String service, CallHandler.Blocking handler) {
        return serve(
                service,
                (caller, method, request) -> CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                return ByteBuffer.wrap(handler.handle(caller, method, bytes(request)));
                            } catch (RuntimeException e) {
                                throw e;
                            } catch (Exception e) {
                                if (e instanceof InterruptedException) {
                                    Thread.currentThread().interrupt();
                                }
                                throw FlynnException.internal(String.valueOf(e.getMessage()), e);
                            }
                        },
                        core.workers()));
    }

    /** Serves streams until the subscription is closed; those that are open go on. */
    public Subscription serveStreams(String service, StreamHandler handler) {
        return register(core.streamServices(), service, handler);
    }

    private static <H> Subscription register(Map<String, H> services, String service, H handler) {
        if (services.putIfAbsent(service, handler) != null) {
            throw new IllegalStateException("service \"" + service + "\" is served already");
        }
        return () -> services.remove(service, handler);
    }

    /** How many connections to other hosts there are now. */
    int connections() {
        return core.connections().size();
    }

    /** Hangs up on hosts that were removed from the cluster; to be called when that may be so. */
    public void hangUpOnRemoved() {
        core.connections().stream()
                .filter(connection -> core.credentials().isRemoved(connection.certificate()))
                .forEach(connection -> connection.close("the host was removed from the cluster"));
    }

    /** Fails what is under way and hangs up. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            shutDown();
        }
    }

    private void shutDown() {
        if (listener != null) {
            listener.close().awaitUninterruptibly(CLOSE_PATIENCE.toMillis());
        }
        peers.close();
        core.connections().forEach(connection -> connection.close("the link was closed"));
        core.loops()
                .shutdownGracefully(0, CLOSE_PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .awaitUninterruptibly(CLOSE_PATIENCE.toMillis());
        Executors.stop(core.workers(), "link", CLOSE_PATIENCE);
    }

    /** Collects what a link is to be. */
    public static final class Builder {

        private final HostCredentials credentials;
        private final Map<String, CallHandler> services = new LinkedHashMap<>();
        private final Map<String, CallHandler.Blocking> blockingServices = new LinkedHashMap<>();
        private final Map<String, StreamHandler> streamServices = new LinkedHashMap<>();
        private LinkConfig config = LinkConfig.DEFAULTS;
        private int threads = Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors() / 2));
        private @Nullable InetSocketAddress address;
        private @Nullable String advertised;
        private @Nullable JoinDesk joinDesk;
        private LongSupplier strangersTime = System::nanoTime;

        private Builder(HostCredentials credentials) {
            this.credentials = credentials;
        }

        /** Where to listen; port 0 takes any free one. Without this, the link only dials. */
        public Builder listen(InetSocketAddress where) {
            address = where;
            return this;
        }

        /** What other hosts reach this one at, {@code ip:port}, if that is not where it listens. */
        public Builder advertise(String ipAndPort) {
            advertised = ipAndPort;
            return this;
        }

        public Builder service(String name, CallHandler handler) {
            services.put(name, handler);
            return this;
        }

        /** See {@link HostLink#serveBlocking}. */
        public Builder blockingService(String name, CallHandler.Blocking handler) {
            blockingServices.put(name, handler);
            return this;
        }

        public Builder streams(String name, StreamHandler handler) {
            streamServices.put(name, handler);
            return this;
        }

        /** By which strangers are limited in rate. */
        Builder strangersTime(LongSupplier nanoTime) {
            strangersTime = nanoTime;
            return this;
        }

        /** Lets hosts join by it; without it they are refused. */
        public Builder joinDesk(JoinDesk desk) {
            joinDesk = desk;
            return this;
        }

        /** A host from which nothing comes for so long is taken for gone; 3 s unless told. */
        public Builder deadAfter(Duration silence) {
            config = config.withDeadAfter(silence);
            return this;
        }

        /** How long whoever dials may take to say who it is; 5 s unless told. */
        public Builder handshakeTimeout(Duration patience) {
            config = config.withHandshakeTimeout(patience);
            return this;
        }

        /** Of a request or an answer; 16 MiB unless told. */
        public Builder maxMessageBytes(int bytes) {
            config = config.withMaxMessageBytes(bytes);
            return this;
        }

        /** How many calls of one host may be under way here; 4096 unless told. */
        public Builder maxCallsInFlight(int calls) {
            config = config.withMaxCallsInFlight(calls);
            return this;
        }

        /** That serve connections; half of the processors unless told. */
        public Builder threads(int count) {
            threads = count;
            return this;
        }

        /** @throws FlynnException {@code SERVICE_UNAVAILABLE} if the address cannot be listened on */
        public HostLink build() {
            return new HostLink(this);
        }
    }
}
