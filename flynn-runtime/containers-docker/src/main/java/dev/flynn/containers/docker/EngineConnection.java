package dev.flynn.containers.docker;

import com.github.dockerjava.api.exception.DockerException;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * One request on a connection of its own, whose answer is a stream without end: a job's output and its input, or a log that
 * grows. The clients for HTTP that there are cannot close one direction of such a connection, and take a thread for each;
 * this is the socket itself.
 */
final class EngineConnection implements AutoCloseable {

    private static final int MAX_HEADER = 64 * 1024;
    private static final int MAX_ERROR = 16 * 1024;

    private final SocketChannel channel;
    private ByteBuffer received = ByteBuffer.allocate(0);

    private EngineConnection(SocketChannel channel) {
        this.channel = channel;
    }

    /**
     * Asks the engine to turn the connection into a raw one, in both directions.
     *
     * @param json empty for a request without: what podman does not expect it takes for the first of the input
     */
    static EngineConnection upgrade(Path socket, String path, String json) throws IOException {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        return open(
                socket,
                "POST " + path + " HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                        + "Content-Type: application/json\r\nContent-Length: " + body.length + "\r\n\r\n",
                body);
    }

    /** Asks for something whose answer is the rest of what comes on the connection. */
    static EngineConnection stream(Path socket, String path) throws IOException {
        // with 1.0 there are no chunks: the bytes are the answer
        return open(socket, "GET " + path + " HTTP/1.0\r\nHost: engine\r\n\r\n", new byte[0]);
    }

    private static EngineConnection open(Path socket, String header, byte[] body) throws IOException {
        var connection = new EngineConnection(SocketChannel.open(StandardProtocolFamily.UNIX));
        try {
            connection.channel.connect(UnixDomainSocketAddress.of(socket));
            connection.send(header.getBytes(StandardCharsets.UTF_8), body);
            connection.receiveHeader();
            return connection;
        } catch (IOException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    private void send(byte[] header, byte[] body) throws IOException {
        ByteBuffer request = ByteBuffer.allocate(header.length + body.length);
        request.put(header).put(body).flip();
        while (request.hasRemaining()) {
            channel.write(request);
        }
    }

    private void receiveHeader() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(MAX_HEADER);
        int end = -1;
        while (end < 0) {
            if (!buffer.hasRemaining() || channel.read(buffer) < 0) {
                throw new EOFException("the engine closed the connection before it answered");
            }
            end = endOfHeader(buffer);
        }
        String header = new String(buffer.array(), 0, end, StandardCharsets.US_ASCII);
        buffer.flip().position(end);
        received = buffer;
        int status = statusOf(header);
        if (status != 101 && status != 200) {
            throw new DockerException(errorOf(header), status);
        }
    }

    private static int endOfHeader(ByteBuffer buffer) {
        byte[] bytes = buffer.array();
        for (int i = 3; i < buffer.position(); i++) {
            if (bytes[i] == '\n' && bytes[i - 1] == '\r' && bytes[i - 2] == '\n' && bytes[i - 3] == '\r') {
                return i + 1;
            }
        }
        return -1;
    }

    private static int statusOf(String header) throws IOException {
        String[] words = header.split("[ \r]", 3);
        try {
            return Integer.parseInt(words[1]);
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            throw new IOException(
                    "what answers is no engine: " + header.lines().findFirst().orElse(""), e);
        }
    }

    private String errorOf(String header) throws IOException {
        int length = header.lines()
                .map(line -> line.toLowerCase(Locale.ROOT))
                .filter(line -> line.startsWith("content-length:"))
                .mapToInt(line ->
                        Integer.parseInt(line.substring(line.indexOf(':') + 1).strip()))
                .findFirst()
                .orElse(MAX_ERROR);
        ByteBuffer body = ByteBuffer.allocate(Math.max(received.remaining(), Math.min(length, MAX_ERROR)));
        body.put(received);
        while (body.hasRemaining() && channel.read(body) >= 0) {
            // goes on until it is complete
        }
        return new String(Arrays.copyOf(body.array(), body.position()), StandardCharsets.UTF_8);
    }

    /** From now on it is read when there is something to read. */
    void stopBlocking() {
        try {
            channel.configureBlocking(false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    SocketChannel channel() {
        return channel;
    }

    /** What came of the answer together with its header. */
    ByteBuffer received() {
        return received;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // it is of no more use in any case
        }
    }
}
