package dev.flynn.discoverd;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A stream as it comes over the wire, read no further than asked. */
final class RawStream implements AutoCloseable {

    private final Socket socket = new Socket();
    private final InputStream in;
    final String head;

    /** What a chunk still has. */
    private int left;

    RawStream(int port, String path, boolean accept) throws IOException {
        socket.setReceiveBufferSize(4096);
        socket.connect(new InetSocketAddress("127.0.0.1", port));
        socket.setSoTimeout(20_000);
        socket.getOutputStream()
                .write(("GET " + path + " HTTP/1.1\r\nHost: x\r\n" + (accept ? "Accept: text/event-stream\r\n" : "")
                                + "\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        in = new BufferedInputStream(socket.getInputStream());
        var read = new StringBuilder();
        while (!read.toString().endsWith("\r\n\r\n")) {
            read.append((char) in.read());
        }
        head = read.toString();
    }

    /** The next line without its end; null at the end of the stream. */
    String line() throws IOException {
        var line = new ByteArrayOutputStream();
        for (int next = next(); next != '\n'; next = next()) {
            if (next < 0) {
                return line.size() == 0 ? null : line.toString(StandardCharsets.UTF_8);
            }
            line.write(next);
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    /** The payload of the next event. */
    String data() throws IOException {
        String line = line();
        String blank = line();
        if (line == null || !line.startsWith("data: ") || blank == null || !blank.isEmpty()) {
            throw new AssertionError("no event: \"" + line + "\", \"" + blank + "\"");
        }
        return line.substring("data: ".length());
    }

    private int next() throws IOException {
        if (left == 0) {
            var size = new StringBuilder();
            for (int next = in.read(); next != '\n'; next = in.read()) {
                if (next < 0) {
                    return -1;
                }
                size.append((char) next);
            }
            String digits = size.toString().strip();
            if (digits.isEmpty()) {
                return next();
            }
            left = Integer.parseInt(digits, 16);
            if (left == 0) {
                return -1;
            }
        }
        left--;
        return in.read();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
