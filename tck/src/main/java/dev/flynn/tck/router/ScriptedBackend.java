package dev.flynn.tck.router;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A backend that does exactly what a test tells it, for each connection on a thread of its own. */
final class ScriptedBackend implements AutoCloseable {

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
    private final Script script;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger connections = new AtomicInteger();
    private final List<HttpMessage> requests = new CopyOnWriteArrayList<>();

    private ScriptedBackend(Script script, int port) throws IOException {
        this.script = script;
        listener = new ServerSocket(port, 200, InetAddress.getByName("127.0.0.1"));
        start("tck-backend", this::accept);
    }

    static ScriptedBackend running(Script script) {
        return running(0, script);
    }

    static ScriptedBackend running(int port, Script script) {
        try {
            return new ScriptedBackend(script, port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Answers every request on a connection that stays open. */
    static ScriptedBackend answering(Answer answer) {
        return running(connection -> {
            while (true) {
                HttpMessage request = connection.readHead().withBody(connection.in());
                answer.run(request, connection);
            }
        });
    }

    /** Answers 200 with this text. */
    static ScriptedBackend saying(String text) {
        return answering((request, connection) -> connection.respond(text));
    }

    /** Takes connections and drops each after the head of its first request. */
    static ScriptedBackend dropping() {
        return running(Connection::readHead);
    }

    String addr() {
        return "127.0.0.1:" + listener.getLocalPort();
    }

    /** How many connections were accepted so far. */
    int connections() {
        return connections.get();
    }

    /** The heads of all requests so far. */
    List<HttpMessage> requests() {
        return requests;
    }

    HttpMessage lastRequest() {
        return requests.get(requests.size() - 1);
    }

    @Override
    public void close() {
        closeQuietly(listener);
        sockets.forEach(ScriptedBackend::closeQuietly);
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                socket.setTcpNoDelay(true);
                sockets.add(socket);
                connections.incrementAndGet();
                start("tck-backend-connection", () -> serve(socket));
            } catch (IOException closed) {
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

    private static void start(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
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
            in = new BufferedInputStream(socket.getInputStream());
            out = socket.getOutputStream();
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
            out.write(text.getBytes(ISO_8859_1));
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
