package dev.flynn.router;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.router.ApplyResult.Problem;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.TcpRoute;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The open ports of a router: its own, and those that routes of the table name, while they do. Not thread-safe. */
final class Listeners {

    private final ServerBootstrap server;
    private final String listenIp;
    private final ClientPipelines pipelines;
    private final List<Channel> own = new ArrayList<>();
    private final Set<Integer> ownPorts = new HashSet<>();
    private final Map<Integer, Wanted> wanted = new HashMap<>();
    private final Map<Integer, Channel> ofRoutes = new HashMap<>();

    /** What a port is for, and the first route that says so. */
    private record Wanted(String routeId, boolean http) {

        boolean isLike(Wanted other) {
            return http == other.http;
        }
    }

    Listeners(ServerBootstrap server, String listenIp, ClientPipelines pipelines) {
        this.server = server;
        this.listenIp = listenIp;
        this.pipelines = pipelines;
    }

    /**
     * Opens a port of the router's own.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if it is taken
     */
    InetSocketAddress open(int port, boolean tls) {
        ChannelFuture bound = bind(port, tls ? pipelines.encrypted() : pipelines.plain());
        if (!bound.isSuccess()) {
            throw FlynnException.unavailable(problem(port, bound.cause()), bound.cause());
        }
        own.add(bound.channel());
        var address = (InetSocketAddress) bound.channel().localAddress();
        ownPorts.add(address.getPort());
        return address;
    }

    /** Opens and closes what is needed; connections that are there go on. Returns the routes whose port is taken. */
    List<Problem> listenFor(RouteTable table) {
        List<Problem> problems = new ArrayList<>();
        Map<Integer, Wanted> next = wantedBy(table, problems);
        ofRoutes.entrySet().removeIf(listener -> {
            int port = listener.getKey();
            Wanted before = wanted.get(port);
            Wanted after = next.get(port);
            boolean stays = before != null && after != null && after.isLike(before);
            if (!stays) {
                listener.getValue().close().awaitUninterruptibly();
            }
            return !stays;
        });
        wanted.clear();
        wanted.putAll(next);
        next.forEach((port, route) -> {
            if (!ofRoutes.containsKey(port)) {
                open(port, route, problems);
            }
        });
        return problems;
    }

    void close() {
        own.forEach(listener -> listener.close().awaitUninterruptibly());
        ofRoutes.values().forEach(listener -> listener.close().awaitUninterruptibly());
        ofRoutes.clear();
    }

    private Map<Integer, Wanted> wantedBy(RouteTable table, List<Problem> problems) {
        Map<Integer, Wanted> next = new TreeMap<>();
        for (TcpRoute route : table.tcpRoutes()) {
            if (ownPorts.contains(route.port())) {
                problems.add(new Problem(
                        route.id(), "port %d is the router's own; choose another one".formatted(route.port())));
                continue;
            }
            next.putIfAbsent(route.port(), new Wanted(route.id(), false));
        }
        for (HttpRoute route : table.routes()) {
            if (route.port() == 0 || ownPorts.contains(route.port())) {
                continue;
            }
            Wanted first = next.putIfAbsent(route.port(), new Wanted(route.id(), true));
            if (first != null && !first.http) {
                problems.add(new Problem(
                        route.id(),
                        "port %d belongs to the TCP route %s; choose another one"
                                .formatted(route.port(), first.routeId)));
            }
        }
        return next;
    }

    private void open(int port, Wanted route, List<Problem> problems) {
        ChannelFuture bound = bind(port, route.http ? pipelines.plainOrEncrypted() : pipelines.tcp(port));
        if (bound.isSuccess()) {
            ofRoutes.put(port, bound.channel());
        } else {
            problems.add(new Problem(route.routeId, problem(port, bound.cause())));
        }
    }

    private ChannelFuture bind(int port, ChannelInitializer<Channel> connections) {
        return server.clone()
                .childHandler(connections)
                .bind(new InetSocketAddress(listenIp, port))
                .awaitUninterruptibly();
    }

    private String problem(int port, Throwable cause) {
        return "the router cannot listen on %s (%s); free the port or choose another one"
                .formatted(hostAndPort(port), cause.getMessage());
    }

    private String hostAndPort(int port) {
        return (listenIp.indexOf(':') >= 0 ? "[" + listenIp + "]" : listenIp) + ":" + port;
    }
}
