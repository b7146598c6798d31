package dev.flynn.client;

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
import javax.net.ServerSocketFactory;

/** A server whose every byte the test decides. */
final class ScriptedServer implements Closeable {

    /** What the server does with a request that it has read. */
    interface Script {
        void answer(Request request, InputStream in, OutputStream out) throws IOException;
    }

    /** @param connection counts from 1 */
    record Request(int connection, String line, String head, String body) {}

    private final ServerSocket listener;
    private final Script script;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private final Thread acceptor;
    private int accepted;

    ScriptedServer(Script script) {
        this(ServerSocketFactory.getDefault(), script);
    }

    ScriptedServer(ServerSocketFactory sockets, Script script) {
        this.script = script;
        try {
            this.listener = sockets.createServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.acceptor = inBackground(this::accept);
    }

    static Script always(String reply) {
        return (request, in, out) -> out.write(reply.getBytes(StandardCharsets.UTF_8));
    }

    static String json(int status, String body) {
        return "HTTP/1.1 %d Said\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(status, body.getBytes(StandardCharsets.UTF_8).length, body);
    }

    int port() {
        return listener.getLocalPort();
    }

    List<Request> requests() {
        return requests;
    }

    private void accept() throws IOException {
        while (true) {
            Socket socket = listener.accept();
            connections.add(socket);
            int number = ++accepted;
            inBackground(() -> serve(socket, number));
        }
    }

    private void serve(Socket socket, int number) throws IOException {
        try (socket;
                InputStream in = new BufferedInputStream(socket.getInputStream())) {
            for (Request request = read(in, number); request != null; request = read(in, number)) {
                requests.add(request);
                script.answer(request, in, socket.getOutputStream());
                socket.getOutputStream().flush();
            }
        }
    }

    private static Request read(InputStream in, int connection) throws IOException {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int b = in.read();
            if (b < 0) {
                return null;
            }
            head.append((char) b);
        }
        int length = head.toString()
                .lines()
                .filter(line -> line.startsWith("Content-Length: "))
                .mapToInt(line -> Integer.parseInt(line.substring("Content-Length: ".length())))
                .findFirst()
                .orElse(0);
        String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
        return new Request(connection, head.substring(0, head.indexOf("\r\n")), head.toString(), body);
    }

    private interface Work {
        void run() throws IOException;
    }

    private static Thread inBackground(Work work) {
        var thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException | UncheckedIOException closed) {
                // by the test, or by the client
            }
        });
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** When it returns nobody answers at {@link #port()}: an accept that is going on may still take one last connection. */
    @Override
    public void close() throws IOException {
        listener.close();
        try {
            acceptor.join(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (Socket socket : connections) {
            socket.close();
        }
    }
}
