package dev.flynn.host.api;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.flynn.api.error.FlynnException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

/** One request to a host's API on a connection of its own. */
final class HostHttp implements AutoCloseable {

    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final int MAX_LINE = 64 << 10;
    private static final int MAX_HEADERS = 100;

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final int status;
    private final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

    /**
     * Sends a request and reads the head of its answer.
     *
     * @param address {@code ip:port}
     * @throws IOException also if whoever answers is not a host of the cluster
     */
    HostHttp(
            HostClientAccess access,
            String address,
            Duration patience,
            String method,
            String target,
            Map<String, String> extraHeaders,
            byte[] body)
            throws IOException {
        this.socket = open(access, address, patience);
        try {
            this.in = new BufferedInputStream(socket.getInputStream(), 16 << 10);
            this.out = socket.getOutputStream();
            var head = new StringBuilder()
                    .append(method)
                    .append(' ')
                    .append(target)
                    .append(" HTTP/1.1\r\nHost: ")
                    .append(address)
                    .append("\r\nContent-Length: ")
                    .append(body.length)
                    .append("\r\n");
            access.authorization()
                    .ifPresent(value ->
                            head.append("Authorization: ").append(value).append("\r\n"));
            extraHeaders.forEach((name, value) ->
                    head.append(name).append(": ").append(value).append("\r\n"));
            if (!extraHeaders.containsKey("Connection")) {
                head.append("Connection: close\r\n");
            }
            byte[] first = head.append("\r\n").toString().getBytes(US_ASCII);
            byte[] all = java.util.Arrays.copyOf(first, first.length + body.length);
            System.arraycopy(body, 0, all, first.length, body.length);
            out.write(all);
            out.flush();
            this.status = readHead();
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static Socket open(HostClientAccess access, String address, Duration patience) throws IOException {
        int colon = address.lastIndexOf(':');
        var target = new InetSocketAddress(
                InetAddress.getByName(address.substring(0, colon)), Integer.parseInt(address.substring(colon + 1)));
        var plain = new Socket();
        try {
            plain.connect(target, (int) CONNECT.toMillis());
            plain.setTcpNoDelay(true);
            plain.setSoTimeout((int) patience.toMillis());
            Optional<SSLContext> tls = access.tls();
            return tls.isPresent() ? handshake(access, tls.get(), plain, address) : plain;
        } catch (IOException | RuntimeException e) {
            plain.close();
            throw e;
        }
    }

    private static Socket handshake(HostClientAccess access, SSLContext context, Socket plain, String address)
            throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory()
                .createSocket(plain, plain.getInetAddress().getHostAddress(), plain.getPort(), true);
        try {
            socket.startHandshake();
        } catch (SSLException e) {
            boolean plainHttp = String.valueOf(e.getMessage()).contains("plaintext")
                    || e.getCause() instanceof EOFException; // it hung up on what is no HTTP
            if (plainHttp) {
                throw new IOException(
                        "no TLS there (%s); if that host was started with --insecure-host-api, give --insecure-host-api here too"
                                .formatted(e.getMessage()),
                        e);
            }
            throw e;
        }
        try {
            access.requireHost((X509Certificate) socket.getSession().getPeerCertificates()[0]);
        } catch (FlynnException e) {
            throw new IOException(e.getMessage(), e);
        }
        return socket;
    }

    private int readHead() throws IOException {
        String[] words = readLine().split(" ", 3);
        if (words.length < 2 || !words[0].startsWith("HTTP/1.")) {
            throw new IOException("the host does not speak HTTP/1.1");
        }
        for (String line = readLine(); !line.isEmpty(); line = readLine()) {
            int colon = line.indexOf(':');
            if (colon < 1 || headers.size() >= MAX_HEADERS) {
                throw new IOException("the host sent a malformed answer");
            }
            headers.put(line.substring(0, colon), line.substring(colon + 1).strip());
        }
        return Integer.parseInt(words[1]);
    }

    private String readLine() throws IOException {
        var line = new StringBuilder();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("the host closed the connection");
            }
            if (line.length() > MAX_LINE) {
                throw new IOException("the host sent a line of more than " + MAX_LINE + " bytes");
            }
            line.append((char) b);
        }
        int end = line.length();
        return end > 0 && line.charAt(end - 1) == '\r' ? line.substring(0, end - 1) : line.toString();
    }

    int status() {
        return status;
    }

    /** The rest of an answer in one piece. */
    byte[] body() throws IOException {
        String length = headers.get("Content-Length");
        return length == null ? in.readAllBytes() : in.readNBytes(Integer.parseInt(length));
    }

    /** The rest of an answer as it comes. */
    InputStream stream() throws IOException {
        if (!"chunked".equalsIgnoreCase(headers.get("Transfer-Encoding"))) {
            throw new IOException("the host does not send it in chunks");
        }
        return new ChunkedInput(in);
    }

    /** What comes after the protocol was switched. */
    InputStream in() {
        return in;
    }

    OutputStream out() {
        return out;
    }

    /** From here on the other side may be silent for as long as it likes. */
    void waitForEver() throws IOException {
        socket.setSoTimeout(0);
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException alreadyBroken) {
            // it is of no use any more
        }
    }
}
