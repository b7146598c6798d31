package dev.flynn.tck.wire;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** One connection for one request, on which each byte is ours: no header is added, no answer is interpreted. */
final class Connection implements Closeable {

    private static final Duration CONNECT = Duration.ofSeconds(10);

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    private Connection(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream());
        this.out = socket.getOutputStream();
    }

    static Connection open(Target target, Duration patience) throws IOException {
        String address = target.address();
        int colon = address.lastIndexOf(':');
        var plain = new Socket();
        try {
            plain.setTcpNoDelay(true);
            plain.connect(
                    new InetSocketAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))),
                    (int) CONNECT.toMillis());
            plain.setSoTimeout((int) patience.toMillis());
            return new Connection(target.secure() ? secured(plain, target) : plain);
        } catch (IOException | RuntimeException e) {
            plain.close();
            throw e;
        }
    }

    private static Socket secured(Socket plain, Target target) throws IOException {
        String host = target.url().getHost();
        var socket = (SSLSocket) target.trust().sockets().createSocket(plain, host, target.port(), true);
        SSLParameters parameters = socket.getSSLParameters();
        if (!host.matches("[0-9.]+") && !host.startsWith("[")) {
            parameters.setServerNames(List.of(new SNIHostName(host)));
        }
        if (target.trust().checksName()) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    /** Sends the request and reads the head of the answer. */
    Head ask(Request request, String host) throws IOException {
        Headers headers = request.headers();
        if (!headers.has("Host")) {
            headers = headers.with("Host", host);
        }
        byte[] body = request.bodyBytes();
        if (request.body().isPresent() || !request.method().matches("GET|HEAD|OPTIONS")) {
            headers = headers.with("Content-Length", String.valueOf(body.length));
        }
        byte[] head = new Head(request.method() + " " + request.target() + " HTTP/1.1", headers).bytes();
        byte[] message = new byte[head.length + body.length];
        System.arraycopy(head, 0, message, 0, head.length);
        System.arraycopy(body, 0, message, head.length, body.length);
        out.write(message);
        out.flush();
        Head answer = Head.read(in);
        while (answer.status() == 100) {
            answer = Head.read(in);
        }
        return answer;
    }

    InputStream in() {
        return in;
    }

    OutputStream out() {
        return out;
    }

    /** How long a read waits from now on. */
    void patience(Duration patience) throws IOException {
        socket.setSoTimeout((int) patience.toMillis());
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
