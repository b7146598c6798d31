package dev.flynn.discoverd.client;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/** A connection that an event stream comes over: unlike those of the JDK, closing it ends a read at once. */
final class StreamConnection implements AutoCloseable {

    private static final int MAX_LINE_BYTES = 4 << 20;

    private final Socket socket;
    private final InputStream in;
    private final int status;
    private final Map<String, String> headers = new HashMap<>();
    private final boolean chunked;

    /** What the current chunk still has. */
    private long left;

    private StreamConnection(URI url, Duration patience) throws IOException {
        boolean tls = url.getScheme().equals("https");
        int port = url.getPort() >= 0 ? url.getPort() : tls ? 443 : 80;
        var plain = new Socket();
        Socket connected = plain;
        try {
            plain.connect(
                    new InetSocketAddress(url.getHost().replaceAll("[\\[\\]]", ""), port), (int) patience.toMillis());
            plain.setSoTimeout((int) patience.toMillis());
            if (tls) {
                connected = ((SSLSocketFactory) SSLSocketFactory.getDefault())
                        .createSocket(plain, url.getHost(), port, true);
            }
            String request = "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n"
                    .formatted(url.getRawPath(), url.getRawAuthority());
            connected.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            in = new BufferedInputStream(connected.getInputStream());
            status = readHead();
        } catch (IOException | RuntimeException e) {
            plain.close();
            throw e;
        }
        socket = connected;
        chunked = headers.getOrDefault("transfer-encoding", "")
                .toLowerCase(Locale.ROOT)
                .endsWith("chunked");
    }

    /** Connects, sends the request and reads the head of the answer. */
    static StreamConnection open(String url, Duration patience) throws IOException {
        try {
            return new StreamConnection(URI.create(url), patience);
        } catch (IllegalArgumentException | NullPointerException notAUrl) {
            throw new IOException("\"" + url + "\" is no URL", notAUrl);
        }
    }

    int status() {
        return status;
    }

    Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }

    /** How long it may be silent before a read fails. */
    void longestSilence(Duration silence) throws IOException {
        socket.setSoTimeout((int) silence.toMillis());
    }

    /** The next line of the body; null at its end. */
    @Nullable
    String line() throws IOException {
        return line(true);
    }

    private int readHead() throws IOException {
        String first = line(false);
        if (first == null || !first.matches("HTTP/1\\.[01] \\d{3}.*")) {
            throw new IOException("the answer is not HTTP: " + first);
        }
        for (String line = line(false); line != null && !line.isEmpty(); line = line(false)) {
            int colon = line.indexOf(':');
            if (colon > 0 && headers.size() < 100) {
                headers.put(
                        line.substring(0, colon).toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip());
            }
        }
        return Integer.parseInt(first.substring(9, 12));
    }

    private @Nullable String line(boolean body) throws IOException {
        var line = new ByteArrayOutputStream();
        for (int next = next(body); next != '\n'; next = next(body)) {
            if (next < 0) {
                return null;
            }
            if (line.size() == MAX_LINE_BYTES) {
                throw new IOException("a line has more than %d bytes".formatted(MAX_LINE_BYTES));
            }
            line.write(next);
        }
        String text = line.toString(StandardCharsets.UTF_8);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    private int next(boolean body) throws IOException {
        if (!body || !chunked) {
            return in.read();
        }
        if (left == 0) {
            String size = line(false);
            if (size != null && size.isEmpty()) {
                size = line(false);
            }
            if (size == null) {
                throw new EOFException("the stream broke");
            }
            try {
                left = Long.parseLong(size.split(";", 2)[0].strip(), 16);
            } catch (NumberFormatException e) {
                throw new IOException("no chunk where one should be: " + size, e);
            }
            if (left == 0) {
                return -1;
            }
        }
        left--;
        return in.read();
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException gone) {
            // that was the aim
        }
    }
}
