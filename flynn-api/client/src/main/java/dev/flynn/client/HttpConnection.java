package dev.flynn.client;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** One connection to a server, speaking HTTP/1.1 (RFC 9112) for one request at a time. Not thread-safe. */
final class HttpConnection implements AutoCloseable {

    private static final int MAX_LINE = 64 * 1024;
    private static final int MAX_HEADERS = 200;

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    HttpConnection(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream(), 16 * 1024);
        this.out = new BufferedOutputStream(socket.getOutputStream(), 16 * 1024);
    }

    /** Sends a request and reads the head of its response. */
    HttpReply exchange(String method, String target, Map<String, String> headers, byte[] body) throws IOException {
        writeHead(method, target, headers, body.length);
        out.write(body);
        out.flush();
        return readReply(method);
    }

    /**
     * The same with a body that is read as it is sent.
     *
     * @param length of the body in bytes
     */
    HttpReply exchange(String method, String target, Map<String, String> headers, long length, InputStream body)
            throws IOException {
        writeHead(method, target, headers, length);
        try {
            long sent = body.transferTo(out);
            if (sent != length) {
                throw new IOException("%d bytes were to be sent, and there are %d".formatted(length, sent));
            }
            out.flush();
        } catch (SocketException e) {
            return answerOfWhoHangsUp(method, e);
        }
        return readReply(method);
    }

    /** A server that does not want the body may say why before it hangs up. */
    private HttpReply answerOfWhoHangsUp(String method, SocketException why) throws IOException {
        try {
            return readReply(method);
        } catch (IOException e) {
            why.addSuppressed(e);
            throw why;
        }
    }

    private void writeHead(String method, String target, Map<String, String> headers, long length) throws IOException {
        var head = new StringBuilder(256);
        head.append(method).append(' ').append(target).append(" HTTP/1.1\r\n");
        headers.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        if (length > 0 || !method.equals("GET")) {
            head.append("Content-Length: ").append(length).append("\r\n");
        }
        head.append("\r\n");
        out.write(head.toString().getBytes(StandardCharsets.UTF_8));
    }

    private HttpReply readReply(String method) throws IOException {
        while (true) {
            String[] status = readLine().split(" ", 3);
            if (status.length < 2 || !status[0].startsWith("HTTP/1.")) {
                throw new IOException("the server does not speak HTTP/1.1");
            }
            int code = Integer.parseInt(status[1]);
            Map<String, String> headers = readHeaders();
            if (code >= 200 || code == 101) {
                return new HttpReply(code, headers, body(method, code, headers), this);
            }
        }
    }

    private Map<String, String> readHeaders() throws IOException {
        Map<String, String> headers = new TreeMap<>();
        for (String line = readLine(); !line.isEmpty(); line = readLine()) {
            int colon = line.indexOf(':');
            if (colon < 1 || headers.size() >= MAX_HEADERS) {
                throw new IOException("the server sent a malformed response");
            }
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        return headers;
    }

    private InputStream body(String method, int code, Map<String, String> headers) {
        if (code == 101) {
            return in;
        }
        if (method.equals("HEAD") || code == 204 || code == 304) {
            return InputStream.nullInputStream();
        }
        if ("chunked".equalsIgnoreCase(headers.get("transfer-encoding"))) {
            return new ChunkedBody(in);
        }
        String length = headers.get("content-length");
        return length == null ? in : new FixedBody(in, Long.parseLong(length));
    }

    private String readLine() throws IOException {
        return readLine(in);
    }

    static String readLine(InputStream in) throws IOException {
        var line = new StringBuilder(64);
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("the server closed the connection");
            }
            if (line.length() > MAX_LINE) {
                throw new IOException("the server sent a line of more than " + MAX_LINE + " bytes");
            }
            line.append((char) b);
        }
        int end = line.length();
        return end > 0 && line.charAt(end - 1) == '\r' ? line.substring(0, end - 1) : line.toString();
    }

    /** Whether the other side has kept the connection open too while nothing was asked. */
    boolean isStillOpen(int readTimeoutMillis) {
        try {
            socket.setSoTimeout(1);
            // the end, or bytes that nobody asked for: of no use either way
            var unused = in.read();
            return false;
        } catch (SocketTimeoutException silent) {
            return waits(readTimeoutMillis);
        } catch (IOException e) {
            return false;
        }
    }

    /** Waits so long for an answer from now on; false if the connection is of no use any more. */
    boolean waits(int readTimeoutMillis) {
        try {
            socket.setSoTimeout(readTimeoutMillis);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    void readTimeout(int millis) throws IOException {
        socket.setSoTimeout(millis);
    }

    OutputStream out() {
        return out;
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // it is of no use any more, one way or the other
        }
    }

    /** A body whose length was announced. */
    private static final class FixedBody extends InputStream {
        private final InputStream in;
        private long left;

        FixedBody(InputStream in, long length) {
            this.in = in;
            this.left = length;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (left == 0) {
                return -1;
            }
            int count = in.read(bytes, offset, (int) Math.min(length, left));
            if (count < 0) {
                throw new EOFException("the server closed the connection in the middle of a response");
            }
            left -= count;
            return count;
        }
    }

    /** A body in chunks (RFC 9112, section 7.1). */
    private static final class ChunkedBody extends InputStream {
        private final InputStream in;
        private long left;
        private boolean first = true;
        private boolean ended;

        ChunkedBody(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (!ended && left == 0) {
                nextChunk();
            }
            if (ended) {
                return -1;
            }
            int count = in.read(bytes, offset, (int) Math.min(length, left));
            if (count < 0) {
                throw new EOFException("the server closed the connection in the middle of a response");
            }
            left -= count;
            return count;
        }

        private void nextChunk() throws IOException {
            if (!first) {
                readLine(in);
            }
            first = false;
            String size = readLine(in);
            int extension = size.indexOf(';');
            left = Long.parseLong((extension < 0 ? size : size.substring(0, extension)).strip(), 16);
            if (left == 0) {
                while (!readLine(in).isEmpty()) {
                    // trailers say nothing that is needed here
                }
                ended = true;
            }
        }
    }
}
