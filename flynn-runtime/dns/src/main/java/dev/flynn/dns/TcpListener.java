package dev.flynn.dns;

import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers over TCP: a thread for each connection, and a bounded number of them. */
final class TcpListener implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(TcpListener.class);

    /** How many connections are served at the same time; more are closed at once. */
    static final int MAX_CONNECTIONS = 100;

    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    private final ServerSocket server;
    private final Answers answers;
    private final Forwarder forwarder;
    private final Duration patience;
    private final Thread acceptor;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            0, MAX_CONNECTIONS, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), new NamedThreads("dns-tcp"));

    /** @param patience with a client, for each of its queries */
    TcpListener(InetSocketAddress address, boolean shared, Answers answers, Forwarder forwarder, Duration patience)
            throws IOException {
        this.answers = answers;
        this.forwarder = forwarder;
        this.patience = patience;
        this.server = new ServerSocket();
        try {
            server.setReuseAddress(true);
            if (shared) {
                server.setOption(java.net.StandardSocketOptions.SO_REUSEPORT, true);
            }
            server.bind(address);
        } catch (IOException e) {
            server.close();
            throw e;
        }
        this.acceptor = new NamedThreads("dns-tcp-accept").newThread(this::accept);
    }

    void start() {
        acceptor.start();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                open.add(socket);
                try {
                    threads.execute(() -> serve(socket));
                } catch (RejectedExecutionException tooMany) {
                    close(socket);
                }
            } catch (IOException e) {
                if (!server.isClosed()) {
                    log.atDebug().setCause(e).log("a connection was not accepted");
                }
            }
        }
    }

    private void serve(Socket socket) {
        try {
            ByteBuffer out = ByteBuffer.allocate(Wire.MAX_MESSAGE_BYTES);
            while (!server.isClosed()) {
                long deadline = System.nanoTime() + patience.toNanos();
                byte[] length = new byte[2];
                if (!read(socket, length, deadline)) {
                    return;
                }
                byte[] query = new byte[ByteBuffer.wrap(length).getShort() & 0xFFFF];
                if (!read(socket, query, deadline) || !answer(socket, query, out)) {
                    return;
                }
            }
        } catch (IOException | RuntimeException clientWentAway) {
            log.atDebug().setCause(clientWentAway).log("a connection ended");
        } finally {
            close(socket);
        }
    }

    private boolean answer(Socket socket, byte[] query, ByteBuffer out) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(query);
        switch (answers.answer(in, out, true)) {
            case ANSWERED -> write(socket, out);
            case FORWARD -> {
                Optional<byte[]> answer = forwarder.forwardOverTcp(query);
                if (answer.isPresent()) {
                    write(socket, ByteBuffer.wrap(answer.get()));
                } else {
                    answers.fail(in, out, true);
                    write(socket, out);
                }
            }
            case DROPPED -> {
                return false;
            }
        }
        return true;
    }

    private static void write(Socket socket, ByteBuffer answer) throws IOException {
        byte[] framed = new byte[answer.remaining() + 2];
        ByteBuffer.wrap(framed).putShort((short) answer.remaining()).put(answer.duplicate());
        socket.getOutputStream().write(framed);
    }

    /** Fills the array; false when the client has ended, or is too slow. */
    private static boolean read(Socket socket, byte[] bytes, long deadline) throws IOException {
        InputStream stream = socket.getInputStream();
        int read = 0;
        while (read < bytes.length) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (left <= 0) {
                return false;
            }
            socket.setSoTimeout((int) left);
            int count;
            try {
                count = stream.read(bytes, read, bytes.length - read);
            } catch (SocketTimeoutException tooSlow) {
                return false;
            }
            if (count < 0) {
                return false;
            }
            read += count;
        }
        return true;
    }

    private void close(Socket socket) {
        open.remove(socket);
        try {
            socket.close();
        } catch (IOException e) {
            log.atDebug().setCause(e).log("connection did not close");
        }
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            log.atDebug().setCause(e).log("socket did not close");
        }
        open.forEach(this::close);
        Executors.stop(threads, "dns", STOP_PATIENCE);
    }
}
