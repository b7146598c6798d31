package dev.flynn.logs;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * The body of one HTTP answer as it comes. HTTP/1.0, so that it ends where the connection ends; and a socket of its own, because
 * closing the JDK's HTTP streams waits for a read that another thread has begun.
 */
final class HttpStream implements AutoCloseable {

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);
    private static final int MAX_HEAD_BYTES = 16 * 1024;

    private final Socket socket;
    private final InputStream in;

    /**
     * Sends a request and waits for the head of its answer.
     *
     * @param silence how long the body may pause before the other side counts as dead
     */
    HttpStream(String host, int port, String target, Duration silence) throws IOException {
        socket = new Socket();
        try {
            socket.connect(new InetSocketAddress(host, port), (int) CONNECT_TIMEOUT.toMillis());
            socket.setSoTimeout((int) ANSWER_TIMEOUT.toMillis());
            OutputStream out = socket.getOutputStream();
            out.write("GET %s HTTP/1.0\r\nHost: %s:%d\r\n\r\n"
                    .formatted(target, host, port)
                    .getBytes(StandardCharsets.US_ASCII));
            in = new BufferedInputStream(socket.getInputStream());
            String status = readHead();
            if (!status.matches("HTTP/1\\.[01] 200( .*)?")) {
                throw new IOException("it answered " + status);
            }
            socket.setSoTimeout((int) silence.toMillis());
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /** The status line; the headers are skipped. */
    private String readHead() throws IOException {
        var head = new StringBuilder();
        while (head.length() < 4 || head.indexOf("\r\n\r\n", head.length() - 4) < 0) {
            int b = in.read();
            if (b < 0 || head.length() > MAX_HEAD_BYTES) {
                throw new EOFException("it gave no HTTP answer");
            }
            head.append((char) b);
        }
        return head.substring(0, head.indexOf("\r\n"));
    }

    InputStream body() {
        return in;
    }

    /** Ends a read that waits, with an error. */
    @Override
    public void close() throws IOException {
        socket.close();
    }
}
