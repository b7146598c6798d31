package dev.flynn.store;

import dev.flynn.spi.component.Subscription;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/** Plain TCP on loopback for measurements: it believes everybody, and is no transport for anything else. */
final class SocketTransport implements PeerTransport {

    private record Message(long id, String method, ByteBuffer bytes) {}

    private final String self;
    private final ServerSocket server;
    private final Map<String, Connection> outgoing = new ConcurrentHashMap<>();
    private volatile Handler handler;

    SocketTransport(String self, int port) throws IOException {
        this.self = self;
        this.server = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
    }

    @Override
    public CompletableFuture<ByteBuffer> call(String peer, String address, String method, ByteBuffer request) {
        try {
            Connection connection = outgoing.get(address);
            if (connection == null || connection.socket.isClosed()) {
                synchronized (outgoing) {
                    connection = outgoing.get(address);
                    if (connection == null || connection.socket.isClosed()) {
                        int port = Integer.parseInt(address.substring(address.indexOf(':') + 1));
                        connection = new Connection(new Socket(InetAddress.getLoopbackAddress(), port));
                        connection.start(true);
                        outgoing.put(address, connection);
                    }
                }
            }
            return connection.call(method, request);
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public Subscription serve(Handler newHandler) {
        handler = newHandler;
        start("accept", () -> {
            while (!server.isClosed()) {
                new Connection(server.accept()).start(false);
            }
        });
        return () -> {
            try {
                server.close();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        };
    }

    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private static void start(String name, Work work) {
        var thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (IOException | InterruptedException gone) {
                        // the other side is gone, or this one
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }

    private final class Connection {

        private final Socket socket;
        private final LinkedBlockingQueue<Message> toSend = new LinkedBlockingQueue<>();
        private final Map<Long, CompletableFuture<ByteBuffer>> waiting = new ConcurrentHashMap<>();
        private final AtomicLong calls = new AtomicLong();

        Connection(Socket socket) throws IOException {
            this.socket = socket;
            socket.setTcpNoDelay(true);
        }

        void start(boolean calling) {
            SocketTransport.start("send", () -> send(calling));
            SocketTransport.start("receive", calling ? this::receiveAnswers : this::receiveRequests);
        }

        CompletableFuture<ByteBuffer> call(String method, ByteBuffer request) {
            long id = calls.incrementAndGet();
            var answer = new CompletableFuture<ByteBuffer>();
            waiting.put(id, answer);
            toSend.add(new Message(id, method, request));
            if (socket.isClosed()) {
                fail();
            }
            return answer;
        }

        private void send(boolean calling) throws IOException, InterruptedException {
            try (var out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), 1 << 16))) {
                if (calling) {
                    out.writeUTF(self);
                }
                List<Message> batch = new ArrayList<>();
                while (true) {
                    batch.add(toSend.take());
                    toSend.drainTo(batch);
                    for (Message message : batch) {
                        out.writeLong(message.id());
                        out.writeUTF(message.method());
                        out.writeInt(message.bytes().remaining());
                        out.write(
                                message.bytes().array(),
                                message.bytes().arrayOffset() + message.bytes().position(),
                                message.bytes().remaining());
                    }
                    batch.clear();
                    out.flush();
                }
            } finally {
                fail();
            }
        }

        private void fail() {
            waiting.values().forEach(answer -> answer.completeExceptionally(new IOException("connection lost")));
        }

        private Message receive(DataInputStream in) throws IOException {
            long id = in.readLong();
            String method = in.readUTF();
            byte[] bytes = in.readNBytes(in.readInt());
            return new Message(id, method, ByteBuffer.wrap(bytes));
        }

        private void receiveAnswers() throws IOException {
            try (var in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16))) {
                while (true) {
                    Message message = receive(in);
                    CompletableFuture<ByteBuffer> answer = waiting.remove(message.id());
                    answer.complete(message.bytes());
                }
            } finally {
                fail();
            }
        }

        private void receiveRequests() throws IOException {
            try (var in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16))) {
                String caller = in.readUTF();
                while (true) {
                    Message message = receive(in);
                    handler.handle(caller, message.method(), message.bytes())
                            .thenAccept(bytes -> toSend.add(new Message(message.id(), "", bytes)));
                }
            }
        }
    }
}
