package dev.flynn.router;

import dev.flynn.spi.router.ApplyResult.Problem;
import dev.flynn.spi.router.TcpRoute;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/** The open ports of TCP routes: those that the table names, and no others. Not thread-safe. */
final class TcpListeners {

    private final ServerBootstrap server;
    private final String listenIp;
    private final Function<Channel, RouterLoop> loops;
    private final Map<Integer, Channel> open = new HashMap<>();

    TcpListeners(ServerBootstrap server, String listenIp, Function<Channel, RouterLoop> loops) {
        this.server = server;
        this.listenIp = listenIp;
        this.loops = loops;
    }

    /** Opens and closes what is needed; connections that are there go on. Returns the routes whose port is taken. */
    List<Problem> listenFor(List<TcpRoute> routes) {
        Map<Integer, TcpRoute> wanted = new TreeMap<>();
        routes.forEach(route -> wanted.putIfAbsent(route.port(), route));
        closeAllBut(wanted.keySet());
        List<Problem> problems = new ArrayList<>();
        wanted.forEach((port, route) -> {
            if (!open.containsKey(port)) {
                open(route, problems);
            }
        });
        return problems;
    }

    void close() {
        closeAllBut(Set.of());
    }

    private void closeAllBut(Set<Integer> wanted) {
        open.entrySet().removeIf(listener -> {
            boolean unwanted = !wanted.contains(listener.getKey());
            if (unwanted) {
                listener.getValue().close().awaitUninterruptibly();
            }
            return unwanted;
        });
    }

    private void open(TcpRoute route, List<Problem> problems) {
        ChannelFuture bound = server.clone()
                .childHandler(connections(route.port()))
                .bind(new InetSocketAddress(listenIp, route.port()))
                .awaitUninterruptibly();
        if (bound.isSuccess()) {
            open.put(route.port(), bound.channel());
        } else {
            problems.add(new Problem(
                    route.id(),
                    "the router cannot listen on %s:%d (%s); free the port or choose another one"
                            .formatted(listenIp, route.port(), bound.cause().getMessage())));
        }
    }

    private ChannelInitializer<Channel> connections(int port) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(new TcpConnection(loops.apply(channel), port));
            }
        };
    }
}
