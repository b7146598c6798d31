package dev.flynn.router;

import dev.flynn.router.tls.TlsDetector;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.ssl.SslContext;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/** What handles the connections of clients, by the kind of port that they come in by. */
final class ClientPipelines {

    private final RouterCore core;
    private final Function<Channel, RouterLoop> loops;
    private final boolean proxyProtocol;
    private final boolean tls;
    private final Optional<SslContext> defaultTls;

    /**
     * @param loops the loop of a connection
     * @param proxyProtocol whether HTTP connections may begin with a header of the PROXY protocol
     * @param tls whether the router does TLS at all
     * @param defaultTls for names without a certificate of their own
     */
    ClientPipelines(
            RouterCore core,
            Function<Channel, RouterLoop> loops,
            boolean proxyProtocol,
            boolean tls,
            Optional<SslContext> defaultTls) {
        this.core = core;
        this.loops = loops;
        this.proxyProtocol = proxyProtocol;
        this.tls = tls;
        this.defaultTls = defaultTls;
    }

    /** Of the router's own port for plain HTTP. */
    ChannelInitializer<Channel> plain() {
        return http(channel -> addPlain(channel, true));
    }

    /** Of the router's own port for TLS. */
    ChannelInitializer<Channel> encrypted() {
        return http(channel -> addEncrypted(channel, true));
    }

    /** Of a port that HTTP routes name, where the client's first byte tells which of both it speaks. */
    ChannelInitializer<Channel> plainOrEncrypted() {
        if (!tls) {
            return http(channel -> addPlain(channel, false));
        }
        return http(channel -> channel.pipeline()
                .addLast(new TlsDetector(
                        core.config().headTimeout(),
                        found -> addEncrypted(found, false),
                        found -> addPlain(found, false))));
    }

    /** Of the port of a TCP route. */
    ChannelInitializer<Channel> tcp(int port) {
        return initializer(channel -> channel.pipeline().addLast(new TcpConnection(loops.apply(channel), port)));
    }

    private ChannelInitializer<Channel> http(Consumer<Channel> rest) {
        return initializer(channel -> {
            if (proxyProtocol) {
                channel.pipeline().addLast(new ProxyHeaderReader());
            }
            rest.accept(channel);
        });
    }

    private void addPlain(Channel channel, boolean ownPort) {
        channel.pipeline().addLast(new ClientConnection(loops.apply(channel), ownPort, false));
    }

    private void addEncrypted(Channel channel, boolean ownPort) {
        ChannelHandler selector = new SniSelector(core, ownPort, defaultTls);
        channel.pipeline().addLast(selector, new ClientConnection(loops.apply(channel), ownPort, true));
    }

    private static ChannelInitializer<Channel> initializer(Consumer<Channel> handlers) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                handlers.accept(channel);
            }
        };
    }
}
