package dev.flynn.link;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;

/** The sockets that the machine is best at: epoll on Linux, else those of the JDK. */
record Transport(
        Class<? extends ServerSocketChannel> server,
        Class<? extends SocketChannel> client,
        IoHandlerFactory ioHandlers) {

    static Transport best() {
        return Epoll.isAvailable()
                ? new Transport(EpollServerSocketChannel.class, EpollSocketChannel.class, EpollIoHandler.newFactory())
                : new Transport(NioServerSocketChannel.class, NioSocketChannel.class, NioIoHandler.newFactory());
    }
}
