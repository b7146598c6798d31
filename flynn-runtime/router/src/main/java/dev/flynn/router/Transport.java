package dev.flynn.router;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;

/** The sockets that the machine is best at: epoll on Linux, else those of the JDK. */
enum Transport {
    EPOLL(EpollServerSocketChannel.class, EpollSocketChannel.class) {
        @Override
        IoHandlerFactory ioHandlers() {
            return EpollIoHandler.newFactory();
        }

        @Override
        void sharePorts(ServerBootstrap server) {
            server.option(EpollChannelOption.SO_REUSEPORT, true);
        }
    },
    NIO(NioServerSocketChannel.class, NioSocketChannel.class) {
        @Override
        IoHandlerFactory ioHandlers() {
            return NioIoHandler.newFactory();
        }

        @Override
        void sharePorts(ServerBootstrap server) {
            server.option(NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT), true);
        }
    };

    /** What may wait in a connection's write buffer before its source is no longer read. */
    private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(32 * 1024, 128 * 1024);

    private static final int BACKLOG = 4096;
    private static final int KEEP_ALIVE_SECONDS = 30;

    private final Class<? extends ServerSocketChannel> serverChannel;
    private final Class<? extends SocketChannel> channel;

    Transport(Class<? extends ServerSocketChannel> serverChannel, Class<? extends SocketChannel> channel) {
        this.serverChannel = serverChannel;
        this.channel = channel;
    }

    static Transport best() {
        return Epoll.isAvailable() ? EPOLL : NIO;
    }

    /** All addresses of the machine: those of IPv6 take clients of IPv4 too, but not every machine has them. */
    static String anyAddress() {
        try (var probe = java.nio.channels.ServerSocketChannel.open(StandardProtocolFamily.INET6)) {
            probe.bind(new InetSocketAddress("::", 0));
            return "::";
        } catch (IOException | UnsupportedOperationException noIpv6) {
            return "0.0.0.0";
        }
    }

    abstract IoHandlerFactory ioHandlers();

    abstract void sharePorts(ServerBootstrap server);

    /** @param sharesPorts whether another listener that says so too may have the same port, see {@code SO_REUSEPORT} */
    ServerBootstrap server(boolean sharesPorts) {
        ServerBootstrap server = new ServerBootstrap()
                .channel(serverChannel)
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK);
        if (this == EPOLL) {
            server.childOption(EpollChannelOption.TCP_KEEPIDLE, KEEP_ALIVE_SECONDS)
                    .childOption(EpollChannelOption.TCP_KEEPINTVL, KEEP_ALIVE_SECONDS);
        }
        if (sharesPorts) {
            sharePorts(server);
        }
        return server;
    }

    /**
     * Connections to backends. A failed write does not close them, because a backend that stops reading may have answered
     * before.
     */
    Bootstrap client() {
        Bootstrap client = new Bootstrap()
                .channel(channel)
                .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.AUTO_CLOSE, false)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK);
        if (this == EPOLL) {
            client.option(EpollChannelOption.TCP_KEEPIDLE, KEEP_ALIVE_SECONDS)
                    .option(EpollChannelOption.TCP_KEEPINTVL, KEEP_ALIVE_SECONDS);
        }
        return client;
    }
}
