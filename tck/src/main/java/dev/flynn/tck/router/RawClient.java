package dev.flynn.tck.router;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;

/** One client connection, byte by byte. */
final class RawClient implements AutoCloseable {

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    RawClient(Socket socket, Duration patience) throws IOException {
        this.socket = socket;
        socket.setSoTimeout((int) patience.toMillis());
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
        out = socket.getOutputStream();
    }

    static RawClient connect(InetSocketAddress address, Duration patience) throws IOException {
        return new RawClient(new Socket(address.getAddress(), address.getPort()), patience);
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

    RawClient send(String text) throws IOException {
        out.write(text.getBytes(ISO_8859_1));
        out.flush();
        return this;
    }

    /** Sends a request without a body. */
    RawClient request(String method, String host, String target, String... fields) throws IOException {
        return send(head(method, host, target, fields) + "\r\n");
    }

    RawClient get(String host, String target, String... fields) throws IOException {
        return request("GET", host, target, fields);
    }

    /** Sends a request with a body in one piece. */
    RawClient send(String method, String host, String target, String body, String... fields) throws IOException {
        return send(head(method, host, target, fields) + "Content-Length: " + body.length() + "\r\n\r\n" + body);
    }

    /** Begins a request whose body of this length follows. */
    RawClient begin(String method, String host, String target, long length) throws IOException {
        return send(head(method, host, target) + "Content-Length: " + length + "\r\n\r\n");
    }

    HttpMessage readHead() throws IOException {
        return HttpMessage.readHead(in);
    }

    HttpMessage readResponse() throws IOException {
        return readHead().withBody(in);
    }

    String read(int length) throws IOException {
        return new String(HttpMessage.readExactly(in, length), ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private static String head(String method, String host, String target, String... fields) {
        StringBuilder head = new StringBuilder("%s %s HTTP/1.1\r\nHost: %s\r\n".formatted(method, target, host));
        for (String field : fields) {
            head.append(field).append("\r\n");
        }
        return head.toString();
    }
}
