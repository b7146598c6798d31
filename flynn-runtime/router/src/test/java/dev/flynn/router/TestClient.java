package dev.flynn.router;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** One client connection, byte by byte. */
final class TestClient implements Closeable {

    private static final int PATIENCE_MILLIS = 10_000;

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    TestClient(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        this.in = new BufferedInputStream(socket.getInputStream());
        this.out = socket.getOutputStream();
    }

    static TestClient connect(InetSocketAddress address) {
        try {
            return new TestClient(new Socket(address.getAddress(), address.getPort()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Socket socket() {
        return socket;
    }

    InputStream in() {
        return in;
    }

    OutputStream out() {
        return out;
    }

    TestClient send(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
        return this;
    }

    /** Sends a request without a body. */
    TestClient get(String host, String target, String... fields) throws IOException {
        return send(request("GET", host, target, fields) + "\r\n");
    }

    /** Sends a request with a body. */
    TestClient post(String host, String target, String body, String... fields) throws IOException {
        return send(request("POST", host, target, fields) + "Content-Length: " + body.length() + "\r\n\r\n" + body);
    }

    HttpMessage readHead() throws IOException {
        return HttpMessage.readHead(in);
    }

    HttpMessage readResponse() throws IOException {
        return readHead().withBody(in);
    }

    /** Whether the router ends the connection, with nothing said before. */
    boolean isClosedByPeer() throws IOException {
        return in.read() < 0;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private static String request(String method, String host, String target, String... fields) {
        StringBuilder head = new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n");
        for (String field : fields) {
            head.append(field).append("\r\n");
        }
        return head.toString();
    }
}
