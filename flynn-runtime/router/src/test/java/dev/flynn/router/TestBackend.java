package dev.flynn.router;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A server that does exactly what a test tells it, for each connection on a thread of its own. */
final class TestBackend implements Closeable {

    /** What to do with a connection. */
    @FunctionalInterface
    interface Script {
        void run(Connection connection) throws IOException;
    }

    /** What to do with a request, whose body was read. */
    @FunctionalInterface
    interface Answer {
        void run(HttpMessage request, Connection connection) throws IOException;
    }

    private final ServerSocket listener;
    private final Thread acceptor;
    private final Script script;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger connections = new AtomicInteger();
    private final List<HttpMessage> requests = new CopyOnWriteArrayList<>();

    private TestBackend(Script script, int port) throws IOException {
        this.script = script;
        this.listener = new ServerSocket(port, 100, InetAddress.getByName("127.0.0.1"));
        this.acceptor = start("test-backend", this::accept);
    }

    static TestBackend running(Script script) {
        try {
            return new TestBackend(script, 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Answers every request on a connection that stays open. */
    static TestBackend answering(Answer answer) {
        return running(connection -> {
            while (true) {
                HttpMessage head = connection.readHead();
                answer.run(head.withBody(connection.in()), connection);
            }
        });
    }

    /** Answers 200 with this text. */
    static TestBackend saying(String text) {
        return answering((request, connection) -> connection.respond(text));
    }

    String addr() {
        return "127.0.0.1:" + listener.getLocalPort();
    }

    /** How many connections were accepted so far. */
    int connections() {
        return connections.get();
    }

    int openConnections() {
        return sockets.size();
    }

    /** The heads of all requests so far. */
    List<HttpMessage> requests() {
        return requests;
    }

    HttpMessage lastRequest() {
        return requests.get(requests.size() - 1);
    }

    /** When it returns nobody is served any more: an accept that is going on may still take one last connection. */
    @Override
    public void close() {
        closeQuietly(listener);
        try {
            acceptor.join(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        sockets.forEach(TestBackend::closeQuietly);
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                socket.setTcpNoDelay(true);
                sockets.add(socket);
                connections.incrementAndGet();
                start("test-backend-connection", () -> serve(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            script.run(new Connection(socket));
        } catch (IOException ended) {
            // the router closed the connection, or the test is over
        } finally {
            sockets.remove(socket);
        }
    }

    private static Thread start(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private static void closeQuietly(Closeable closeable) {
        try {
            closeable.close();
        } catch (IOException ignored) {
            // closing is all that was wanted
        }
    }

    /** The backend's side of a connection. */
    final class Connection {

        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;

        Connection(Socket socket) throws IOException {
            this.socket = socket;
            this.in = new BufferedInputStream(socket.getInputStream());
            this.out = socket.getOutputStream();
        }

        InputStream in() {
            return in;
        }

        OutputStream out() {
            return out;
        }

        Socket socket() {
            return socket;
        }

        HttpMessage readHead() throws IOException {
            HttpMessage head = HttpMessage.readHead(in);
            requests.add(head);
            return head;
        }

        void send(String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
        }

        void respond(String body, String... fields) throws IOException {
            StringBuilder head = new StringBuilder("HTTP/1.1 200 OK\r\n");
            for (String field : fields) {
                head.append(field).append("\r\n");
            }
            send(head + "Content-Length: " + body.length() + "\r\n\r\n" + body);
        }
    }
}
