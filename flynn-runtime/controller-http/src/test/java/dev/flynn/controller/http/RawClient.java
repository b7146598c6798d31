package dev.flynn.controller.http;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** HTTP on a bare socket, as the reference CLI speaks it when it attaches. */
final class RawClient implements AutoCloseable {

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    RawClient(int port) throws IOException {
        this.socket = new Socket("127.0.0.1", port);
        socket.setSoTimeout(10_000);
        socket.setTcpNoDelay(true);
        this.in = socket.getInputStream();
        this.out = socket.getOutputStream();
    }

    /** Sends a request to run a job attached. */
    void attach(String app, String body) throws IOException {
        send(attachHead(app, body.getBytes(StandardCharsets.UTF_8).length) + body);
    }

    static String attachHead(String app, int length) {
        return """
                POST /apps/%s/jobs HTTP/1.1\r
                Host: controller.flynn.test\r
                Authorization: %s\r
                Connection: upgrade\r
                Upgrade: flynn-attach/0\r
                Content-Type: application/json\r
                Content-Length: %d\r
                \r
                """.formatted(app, TestController.authorization(TestController.KEY), length);
    }

    void send(String text) throws IOException {
        send(text.getBytes(StandardCharsets.UTF_8));
    }

    void send(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
    }

    /** Everything up to the empty line. */
    String head() throws IOException {
        var head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("connection ended after: " + head);
            }
            head.write(next);
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    /** The body that the head promises. */
    String body(String head) throws IOException {
        String lower = head.toLowerCase(Locale.ROOT);
        int start = lower.indexOf("content-length: ") + "content-length: ".length();
        int length = Integer.parseInt(lower.substring(start, lower.indexOf('\r', start)));
        return new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }

    /** Up to the end of the line, without it. */
    String line() throws IOException {
        var line = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("connection ended after: " + line);
            }
            line.write(next);
        }
        return line.toString(StandardCharsets.UTF_8).stripTrailing();
    }

    /** The next chunk of a body in chunks; the last one is empty. */
    String chunk() throws IOException {
        String length = line();
        String chunk = new String(in.readNBytes(Integer.parseInt(length, 16)), StandardCharsets.UTF_8);
        String end = line();
        if (!end.isEmpty()) {
            throw new IOException("a chunk of %s bytes goes on with: %s".formatted(length, end));
        }
        return chunk;
    }

    /** The next frame as {@code type[:stream]:payload}; {@code end} when the connection has ended. */
    String frame() throws IOException {
        int type = in.read();
        var data = new DataInputStream(in);
        return switch (type) {
            case -1 -> "end";
            case 2 -> "error:" + new String(in.readNBytes(data.readInt()), StandardCharsets.UTF_8);
            case 3 -> {
                int stream = in.read();
                yield "data:" + stream + ":" + new String(in.readNBytes(data.readInt()), StandardCharsets.UTF_8);
            }
            case 5 -> "exit:" + data.readInt();
            default -> throw new IOException("unexpected frame " + type);
        };
    }

    void stdin(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        send(ByteBuffer.allocate(6 + bytes.length)
                .put((byte) 3)
                .put((byte) 0)
                .putInt(bytes.length)
                .put(bytes)
                .array());
    }

    void signal(int number) throws IOException {
        send(ByteBuffer.allocate(5).put((byte) 4).putInt(number).array());
    }

    void resize(int lines, int columns) throws IOException {
        send(ByteBuffer.allocate(5)
                .put((byte) 6)
                .putShort((short) lines)
                .putShort((short) columns)
                .array());
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
