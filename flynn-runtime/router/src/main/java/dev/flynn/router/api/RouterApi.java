package dev.flynn.router.api;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.json.FlynnJson;
import dev.flynn.router.telemetry.Traffic;
import dev.flynn.state.route.RouteCatalog;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.flow.FlowControlHandler;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The router's HTTP API (contract: layer 1, Management API): {@code /.well-known/status} for everybody; for those who have the
 * cluster's key {@code /routes}, {@code /events} and {@code /metrics}.
 *
 * <p>One thread serves all connections, however many follow events; a few more answer what may wait for the store.
 */
public final class RouterApi implements AutoCloseable {

    static final int MAX_WAITING_BYTES = 4 << 20;

    private static final int MAX_BODY_BYTES = 1 << 20;
    private static final int WORKERS = 4;
    private static final int MAX_WAITING_REQUESTS = 256;
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    private final EventLoopGroup loop =
            new MultiThreadIoEventLoopGroup(1, new NamedThreads("router-api"), NioIoHandler.newFactory());
    private final ThreadPoolExecutor workers = new ThreadPoolExecutor(
            WORKERS,
            WORKERS,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING_REQUESTS),
            new NamedThreads("router-api-worker"));
    private final Channel listener;

    /**
     * Begins to serve.
     *
     * @param key whose holders are served; empty while there is none
     * @param traffic what the router has carried until now
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if the address cannot be listened on
     */
    public RouterApi(
            InetSocketAddress address,
            RouteCatalog routes,
            RouterEvents events,
            Supplier<String> key,
            Supplier<Traffic> traffic) {
        this(address, routes, events, key, traffic, MAX_WAITING_BYTES);
    }

    RouterApi(
            InetSocketAddress address,
            RouteCatalog routes,
            RouterEvents events,
            Supplier<String> key,
            Supplier<Traffic> traffic,
            int maxWaitingBytes) {
        workers.allowCoreThreadTimeOut(true);
        FlynnJson json = new FlynnJson();
        var endpoints = new ApiEndpoints(json, routes, key, traffic);
        String status = json.write(Map.of("data", status()));
        ChannelFuture bound = new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(
                                        new HttpServerCodec(),
                                        new HttpObjectAggregator(MAX_BODY_BYTES),
                                        new FlowControlHandler(),
                                        new ApiConnection(endpoints, events, workers, maxWaitingBytes, status));
                    }
                })
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            stopThreads();
            throw FlynnException.unavailable(
                    "the router cannot serve its API on %s:%d (%s)"
                            .formatted(
                                    address.getHostString(),
                                    address.getPort(),
                                    bound.cause().getMessage()),
                    bound.cause());
        }
        listener = bound.channel();
    }

    private static Map<String, String> status() {
        @Nullable String version = RouterApi.class.getPackage().getImplementationVersion();
        return version == null ? Map.of("status", "healthy") : Map.of("status", "healthy", "version", version);
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    @Override
    public void close() {
        listener.close().awaitUninterruptibly();
        stopThreads();
    }

    private void stopThreads() {
        Executors.stop(workers, "router-api-worker", STOP_PATIENCE);
        loop.shutdownGracefully(0, STOP_PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .awaitUninterruptibly(STOP_PATIENCE.toMillis());
    }
}
