package dev.flynn.discoverd;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Closer;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.discovery.Discovery;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.glassfish.grizzly.http.server.HttpServer;
import org.glassfish.grizzly.http.server.NetworkListener;
import org.glassfish.grizzly.threadpool.ThreadPoolConfig;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP API of discovery, as clients of discoverd know it. It asks nobody who he is: whoever can connect can register, so it
 * listens on an address that only the cluster reaches.
 *
 * <pre>{@code
 * try (var discoverd = Discoverd.builder(discovery, new InetSocketAddress("10.0.0.1", 1111)).start()) {
 *     …
 * }
 * }</pre>
 */
public final class Discoverd implements AutoCloseable {

    private static final int UNLIMITED = -1;
    private static final int MAX_WORKERS = 16;

    private final Closer closer = new Closer();
    private final InetSocketAddress address;
    private final Streams streams;

    private Discoverd(Builder builder) {
        try {
            var listener = new NetworkListener(
                    "discoverd", builder.address.getAddress().getHostAddress(), builder.address.getPort());
            this.streams = closer.register(new Streams(builder.keepAlive));
            var server = new HttpServer();
            server.addListener(configured(listener));
            ClusterPeers peers = builder.peers != null ? builder.peers : alone(builder, listener);
            server.getServerConfiguration()
                    .addHttpHandler(new DiscoverdHandler(builder.discovery, peers, streams), "/");
            server.getServerConfiguration().setAllowPayloadForUndefinedHttpMethods(true);
            server.start();
            closer.register(() -> stop(server));
            // before the server stops, so that clients learn why their streams end
            closer.register(() -> streams.endAll("discoverd was stopped on this host"));
            this.address = new InetSocketAddress(builder.address.getAddress(), listener.getPort());
        } catch (IOException e) {
            throw closedAfter(new FlynnException(
                    ErrorCode.CONFLICT,
                    "discoverd cannot listen on %s: %s; free it, or choose another port"
                            .formatted(builder.address, e.getMessage()),
                    e));
        } catch (RuntimeException e) {
            throw closedAfter(e);
        }
    }

    private static ClusterPeers alone(Builder builder, NetworkListener listener) {
        String host = builder.address.getAddress().getHostAddress();
        return ClusterPeers.readOnly(
                () -> Optional.of(host + ":" + listener.getPort()),
                () -> List.of(host + ":" + listener.getPort()),
                () -> 0);
    }

    private static NetworkListener configured(NetworkListener listener) {
        listener.getTransport()
                .setWorkerThreadPoolConfig(ThreadPoolConfig.defaultConfig()
                        .setPoolName("discoverd")
                        .setCorePoolSize(2)
                        .setMaxPoolSize(MAX_WORKERS)
                        .setThreadFactory(new NamedThreads("discoverd")));
        listener.getTransport()
                .setKernelThreadPoolConfig(ThreadPoolConfig.defaultConfig()
                        .setPoolName("discoverd-io")
                        .setThreadFactory(new NamedThreads("discoverd-io")));
        listener.getTransport().setSelectorRunnersCount(1);
        // a client that heartbeats for many instances keeps its connection
        listener.getKeepAlive().setMaxRequestsCount(UNLIMITED);
        return listener;
    }

    private static void stop(HttpServer server) throws InterruptedException, ExecutionException {
        try {
            server.shutdown(1, TimeUnit.SECONDS).get(2, TimeUnit.SECONDS);
        } catch (TimeoutException stillBusy) {
            server.shutdownNow();
        }
    }

    private RuntimeException closedAfter(RuntimeException failure) {
        closer.closeAfter(failure);
        return failure;
    }

    /**
     * The API on an address of this host.
     *
     * @param discovery stays open when this is closed
     * @param address whose port may be 0 for any free one
     */
    public static Builder builder(Discovery discovery, InetSocketAddress address) {
        return new Builder(discovery, address);
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return address;
    }

    /** How many clients follow a service. */
    int streams() {
        return streams.count();
    }

    /** Tells clients that follow services, and stops. */
    @Override
    public void close() {
        closer.close();
    }

    /** What discoverd needs to know before it starts. */
    public static final class Builder {

        private final Discovery discovery;
        private final InetSocketAddress address;
        private Duration keepAlive = Duration.ofSeconds(30);
        private @Nullable ClusterPeers peers;

        private Builder(Discovery discovery, InetSocketAddress address) {
            this.discovery = requireNonNull(discovery, "discovery");
            this.address = requireNonNull(address, "address");
        }

        /** Who votes in this cluster; by default this host alone. */
        public Builder peers(ClusterPeers value) {
            peers = requireNonNull(value, "peers");
            return this;
        }

        /** How long a stream may be silent. */
        Builder keepAlive(Duration value) {
            keepAlive = value;
            return this;
        }

        /** @throws FlynnException {@code CONFLICT} if it cannot listen there */
        public Discoverd start() {
            return new Discoverd(this);
        }
    }
}
