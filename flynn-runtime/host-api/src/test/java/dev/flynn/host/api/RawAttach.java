package dev.flynn.host.api;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.ByteBuffer;

/** An attached client that looks at each byte. */
final class RawAttach implements AutoCloseable {

    private final Socket socket;
    private final DataInputStream in;
    private final String head;

    RawAttach(int port, String body) throws IOException {
        this(port, body, new byte[0]);
    }

    /** @param early sent with the request, before the answer */
    RawAttach(int port, String body, byte[] early) throws IOException {
        socket = new Socket("127.0.0.1", port);
        socket.setSoTimeout(20_000);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        byte[] content = body.getBytes(UTF_8);
        byte[] start = ("POST /attach HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: flynn-attach/0\r\n"
                        + "Content-Type: application/json\r\nContent-Length: " + content.length + "\r\n\r\n")
                .getBytes(US_ASCII);
        socket.getOutputStream()
                .write(ByteBuffer.allocate(start.length + content.length + early.length)
                        .put(start)
                        .put(content)
                        .put(early)
                        .array());
        head = readHead(in);
    }

    static RawAttach to(ApiHost host, String job, int flags) throws IOException {
        return new RawAttach(host.port(), "{\"job_id\":\"" + job + "\",\"flags\":" + flags + "}");
    }

    private static String readHead(InputStream in) throws IOException {
        var text = new StringBuilder();
        while (!text.toString().endsWith("\r\n\r\n")) {
            int b = in.read();
            if (b < 0) {
                throw new EOFException(text.toString());
            }
            text.append((char) b);
        }
        return text.toString();
    }

    String head() {
        return head;
    }

    /** The next frame, as text: {@code success}, {@code data 1 hello\n}, {@code exit 0}, {@code end} and so on. */
    String next() throws IOException {
        int type = in.read();
        return switch (type) {
            case -1 -> "end";
            case 0 -> "success";
            case 1 -> "waiting";
            case 2 -> "error " + text(in.readInt());
            case 3 -> {
                int stream = in.readUnsignedByte();
                yield "data " + stream + " " + text(in.readInt());
            }
            case 5 -> "exit " + in.readInt();
            default -> "frame of type " + type;
        };
    }

    private String text(int length) throws IOException {
        return new String(in.readNBytes(length), UTF_8);
    }

    RawAttach expect(String... frames) throws IOException {
        for (String frame : frames) {
            assertThat(next()).isEqualTo(frame);
        }
        return this;
    }

    byte[] bytes(int count) throws IOException {
        return in.readNBytes(count);
    }

    /** Output of a stream until it contains the text. */
    String until(int stream, String text) throws IOException {
        var seen = new StringBuilder();
        String prefix = "data " + stream + " ";
        while (seen.indexOf(text) < 0) {
            String frame = next();
            assertThat(frame).startsWith(prefix);
            seen.append(frame.substring(prefix.length()));
        }
        return seen.toString();
    }

    void send(byte[] frame) throws IOException {
        socket.getOutputStream().write(frame);
    }

    void stdin(String text) throws IOException {
        send(stdinFrame(0, text));
    }

    static byte[] stdinFrame(int stream, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return ByteBuffer.allocate(6 + bytes.length)
                .put((byte) 3)
                .put((byte) stream)
                .putInt(bytes.length)
                .put(bytes)
                .array();
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
