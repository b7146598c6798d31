package dev.flynn.link;

import dev.flynn.api.error.FlynnException;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.handler.ssl.SslHandler;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** The peers of this host, and how to reach them. Thread-safe. */
final class Peers {

    private final LinkCore core;
    private final Supplier<SslHandler> tls;
    private final Bootstrap dialler;
    private final Map<PeerKey, Peer> peers = new ConcurrentHashMap<>();
    private volatile boolean closed;

    Peers(LinkCore core, Transport transport) {
        this.core = core;
        this.tls = Tls.client(core.credentials());
        this.dialler = new Bootstrap()
                .group(core.loops())
                .channel(transport.client())
                .option(
                        ChannelOption.CONNECT_TIMEOUT_MILLIS,
                        Math.toIntExact(core.config().connectTimeout().toMillis()))
                .option(ChannelOption.TCP_NODELAY, true);
    }

    Peer peer(PeerKey key) {
        Peer peer = peers.computeIfAbsent(key, missing -> new Peer(core, missing, () -> dial(missing)));
        if (closed) {
            peer.close();
        }
        return peer;
    }

    /** A host that dialled can be called on the same connection. */
    void connected(Connection connection) {
        peer(connection.peer()).offer(connection);
    }

    void closed(Connection connection) {
        Peer peer = peers.get(connection.peer());
        if (peer != null) {
            peer.lost(connection);
        }
    }

    void checkTime() {
        long now = System.nanoTime();
        peers.values().forEach(peer -> peer.checkTime(now));
    }

    void close() {
        closed = true;
        peers.values().forEach(Peer::close);
    }

    private CompletableFuture<Connection> dial(PeerKey peer) {
        var connected = new CompletableFuture<Connection>();
        try {
            core.credentials().requireUsable();
            InetSocketAddress address = Addresses.resolve(peer.address());
            dialler.clone()
                    .handler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(tls.get()).addLast(new ClientGreeting(core, peer, connected));
                        }
                    })
                    .connect(address)
                    .addListener(dialled -> {
                        if (!dialled.isSuccess()) {
                            connected.completeExceptionally(FlynnException.unavailable(
                                    "cannot reach host \"%s\": %s"
                                            .formatted(
                                                    peer.hostId(),
                                                    dialled.cause().getMessage()),
                                    dialled.cause()));
                        }
                    });
        } catch (RuntimeException e) {
            connected.completeExceptionally(e);
        }
        return connected;
    }
}
