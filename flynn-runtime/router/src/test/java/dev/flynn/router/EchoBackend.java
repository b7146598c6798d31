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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Says back what it is sent, and knows what it is about: each request names itself in {@link #ID}. A target that begins with
 * {@code /slow} is answered in pieces, and a request for another protocol gets a connection that echoes.
 */
final class EchoBackend implements Closeable {

    static final String ID = "X-Load-Id";
    static final String NAME = "X-Backend";

    private static final int PIECES = 6;
    private static final int PIECE_MILLIS = 40;

    private final String name;
    private final ServerSocket listener;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final Set<String> inProgress = ConcurrentHashMap.newKeySet();
    private volatile @Nullable Kill kill;

    /** When it was killed; both ends as of {@link System#nanoTime}. */
    record Kill(long began, long ended) {}

    private EchoBackend(String name) throws IOException {
        this.name = name;
        this.listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    static EchoBackend named(String name) {
        try {
            return new EchoBackend(name);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String name() {
        return name;
    }

    String addr() {
        return "127.0.0.1:" + listener.getLocalPort();
    }

    /** What has arrived and whose answer's last piece is not on its way; of one that was killed, what never will be. */
    Set<String> inProgress() {
        return Set.copyOf(inProgress);
    }

    @Nullable
    Kill kill() {
        return kill;
    }

    /** As {@code kill -9} does: nobody listens any more, and all connections end wherever they are. */
    void killNow() {
        long began = System.nanoTime();
        kill = new Kill(began, Long.MAX_VALUE);
        close();
        kill = new Kill(began, System.nanoTime());
    }

    @Override
    public void close() {
        closeQuietly(listener);
        sockets.forEach(EchoBackend::closeQuietly);
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                sockets.add(socket);
                if (listener.isClosed()) {
                    closeQuietly(socket);
                }
                start(() -> serve(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            while (serveOne(in, socket.getOutputStream())) {
                // the next one
            }
        } catch (IOException ended) {
            // the router closed the connection, or this backend has ended
        } finally {
            sockets.remove(socket);
        }
    }

    /** @return whether the connection goes on */
    private boolean serveOne(InputStream in, OutputStream out) throws IOException {
        HttpMessage head = HttpMessage.readHead(in);
        String id = head.field(ID).orElse("unnamed");
        inProgress.add(id);
        boolean answered = false;
        try {
            boolean goesOn = answer(id, head, in, out);
            answered = true;
            return goesOn;
        } finally {
            if (answered || kill == null) {
                inProgress.remove(id);
            }
        }
    }

    private boolean answer(String id, HttpMessage head, InputStream in, OutputStream out) throws IOException {
        if (head.field("Upgrade").isPresent()) {
            say(out, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
            in.transferTo(out);
            return false;
        }
        byte[] body = head.withBody(in).body();
        String start = "HTTP/1.1 200 OK\r\n%s: %s\r\n".formatted(NAME, name);
        if (head.target().startsWith("/slow")) {
            say(out, start + "Transfer-Encoding: chunked\r\n\r\n");
            for (int i = 0; i < PIECES; i++) {
                pause();
                say(out, "1\r\n" + i + "\r\n");
            }
            sayLast(id, out, "0\r\n\r\n");
        } else {
            sayLast(
                    id,
                    out,
                    start + "Content-Length: " + body.length + "\r\n\r\n"
                            + new String(body, StandardCharsets.ISO_8859_1));
        }
        return true;
    }

    /** What it says to {@code /slow}. */
    static String slowBody() {
        StringBuilder body = new StringBuilder();
        for (int i = 0; i < PIECES; i++) {
            body.append(i);
        }
        return body.toString();
    }

    /** Whoever reads this may act before this thread goes on. */
    private void sayLast(String id, OutputStream out, String text) throws IOException {
        inProgress.remove(id);
        say(out, text);
    }

    private static void say(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static void pause() throws IOException {
        try {
            TimeUnit.MILLISECONDS.sleep(PIECE_MILLIS);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "echo-backend");
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
}
