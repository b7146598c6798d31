package dev.flynn.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** One connection of HTTP/2, frame by frame (RFC 9113), so that a test can break any rule. */
final class Http2TestClient implements Closeable {

    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int PRIORITY = 2;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PUSH_PROMISE = 5;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    static final int END_STREAM = 1;
    static final int ACK = 1;
    static final int END_HEADERS = 4;
    static final int PADDED = 8;

    static final int INITIAL_WINDOW_SIZE = 4;
    static final int MAX_CONCURRENT_STREAMS = 3;

    private static final int PATIENCE_MILLIS = 10_000;
    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);
    private int nextStream = 1;

    /** A frame as it came. */
    record Frame(int type, int flags, int stream, byte[] payload, List<String> fields) {

        boolean has(int flag) {
            return (flags & flag) != 0;
        }

        /** The error code of a GOAWAY or RST_STREAM. */
        int errorCode() {
            return ByteBufUtil.getBytes(Unpooled.wrappedBuffer(payload)).length >= 8
                    ? Unpooled.wrappedBuffer(payload).getInt(4)
                    : Unpooled.wrappedBuffer(payload).getInt(0);
        }

        int number() {
            return Unpooled.wrappedBuffer(payload).getInt(0);
        }

        String text() {
            return new String(payload, StandardCharsets.UTF_8);
        }

        Optional<String> field(String name) {
            return fields.stream()
                    .filter(line -> line.startsWith(name + ": "))
                    .map(line -> line.substring(name.length() + 2))
                    .findFirst();
        }
    }

    /** A response that was read to its end. */
    record Response(Frame head, String body, Optional<Frame> trailers) {

        int status() {
            return Integer.parseInt(head.field(":status").orElseThrow());
        }
    }

    private Http2TestClient(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        this.in = new DataInputStream(socket.getInputStream());
        this.out = socket.getOutputStream();
    }

    /** Connects and says hello with these settings: identifier, value, identifier, value… */
    static Http2TestClient connect(InetSocketAddress address, int... settings) {
        try {
            Http2TestClient client = new Http2TestClient(new Socket(address.getAddress(), address.getPort()));
            client.begin(settings);
            return client;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Http2TestClient over(Socket socket) throws IOException {
        Http2TestClient client = new Http2TestClient(socket);
        client.begin();
        return client;
    }

    /** The other side: what a backend sees of the router. */
    static Http2TestClient serving(Socket socket, int... settings) throws IOException {
        Http2TestClient server = new Http2TestClient(socket);
        byte[] preface = server.in.readNBytes(PREFACE.length());
        if (!new String(preface, StandardCharsets.US_ASCII).equals(PREFACE)) {
            throw new IOException("no preface of HTTP/2");
        }
        server.sendSettings(settings);
        return server;
    }

    Socket socket() {
        return socket;
    }

    private void begin(int... settings) throws IOException {
        out.write(PREFACE.getBytes(StandardCharsets.US_ASCII));
        sendSettings(settings);
    }

    private void sendSettings(int... settings) throws IOException {
        ByteBuf payload = Unpooled.buffer();
        for (int i = 0; i < settings.length; i += 2) {
            payload.writeShort(settings[i]).writeInt(settings[i + 1]);
        }
        send(SETTINGS, 0, 0, ByteBufUtil.getBytes(payload));
    }

    Http2TestClient send(int type, int flags, int stream, byte... payload) throws IOException {
        ByteBuf frame = Unpooled.buffer(9 + payload.length)
                .writeMedium(payload.length)
                .writeByte(type)
                .writeByte(flags)
                .writeInt(stream)
                .writeBytes(payload);
        out.write(frame.array(), 0, frame.readableBytes());
        out.flush();
        return this;
    }

    /** The same frame of the connection, many times. */
    static byte[] frame(int type, byte[] payload, int times) {
        ByteBuf frames = Unpooled.buffer();
        for (int i = 0; i < times; i++) {
            frames.writeMedium(payload.length)
                    .writeByte(type)
                    .writeByte(0)
                    .writeInt(0)
                    .writeBytes(payload);
        }
        return ByteBufUtil.getBytes(frames);
    }

    Http2TestClient sendNumber(int type, int stream, int number) throws IOException {
        return send(type, 0, stream, ByteBufUtil.getBytes(Unpooled.copyInt(number)));
    }

    Http2TestClient data(int stream, String text, boolean end) throws IOException {
        return send(DATA, end ? END_STREAM : 0, stream, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Begins a request on the next stream with fields of the form {@code name: value}; returns the stream. */
    int request(boolean end, String... fields) throws IOException {
        int stream = newStream();
        headers(stream, end, fields);
        return stream;
    }

    int newStream() {
        int stream = nextStream;
        nextStream += 2;
        return stream;
    }

    void headers(int stream, boolean end, String... fields) throws IOException {
        send(HEADERS, END_HEADERS | (end ? END_STREAM : 0), stream, block(fields));
    }

    /** A GET with further fields. */
    int get(String host, String path, String... fields) throws IOException {
        return request(true, head("GET", host, path, fields));
    }

    int post(String host, String path, String... fields) throws IOException {
        return request(false, head("POST", host, path, fields));
    }

    static String[] head(String method, String host, String path, String... fields) {
        List<String> all = new ArrayList<>(
                List.of(":method: " + method, ":scheme: http", ":authority: " + host, ":path: " + path));
        all.addAll(List.of(fields));
        return all.toArray(String[]::new);
    }

    byte[] block(String... fields) {
        Http2Headers headers = new DefaultHttp2Headers(false);
        for (String field : fields) {
            int colon = field.indexOf(": ", 1);
            headers.add(field.substring(0, colon), field.substring(colon + 2));
        }
        ByteBuf block = Unpooled.buffer();
        try {
            encoder.encodeHeaders(1, headers, block);
        } catch (Http2Exception e) {
            throw new IllegalStateException(e);
        }
        return ByteBufUtil.getBytes(block);
    }

    /** The next frame, or an {@link EOFException} at the end of the connection. */
    Frame read() throws IOException {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        int stream = in.readInt() & Integer.MAX_VALUE;
        byte[] payload = in.readNBytes(length);
        if (payload.length < length) {
            throw new EOFException();
        }
        Frame frame = new Frame(type, flags, stream, payload, type == HEADERS ? fields(payload) : List.of());
        if (type == SETTINGS && !frame.has(ACK)) {
            send(SETTINGS, ACK, 0);
        } else if (type == PING && !frame.has(ACK)) {
            send(PING, ACK, 0, payload);
        }
        return frame;
    }

    /** Reads until such a frame comes. */
    Frame readUntil(Predicate<Frame> wanted) throws IOException {
        Frame frame = read();
        while (!wanted.test(frame)) {
            frame = read();
        }
        return frame;
    }

    Frame readUntil(int type) throws IOException {
        return readUntil(frame -> frame.type() == type);
    }

    /** The response on a stream, whose window is kept open. */
    Response readResponse(int stream) throws IOException {
        Frame head = null;
        Frame trailers = null;
        var body = new ByteArrayOutputStream();
        while (true) {
            Frame frame = readUntil(any -> any.stream() == stream);
            if (frame.type() == RST_STREAM) {
                throw new IOException("the stream was reset with " + frame.errorCode());
            }
            if (frame.type() == HEADERS) {
                if (head == null || head.field(":status").orElseThrow().startsWith("1")) {
                    head = frame;
                } else {
                    trailers = frame;
                }
            } else if (frame.type() == DATA) {
                body.writeBytes(frame.payload());
                if (frame.payload().length > 0) {
                    sendNumber(WINDOW_UPDATE, 0, frame.payload().length);
                    if (!frame.has(END_STREAM)) {
                        sendNumber(WINDOW_UPDATE, stream, frame.payload().length);
                    }
                }
            }
            if (frame.has(END_STREAM) && frame.type() <= HEADERS && head != null) {
                return new Response(head, body.toString(StandardCharsets.UTF_8), Optional.ofNullable(trailers));
            }
        }
    }

    /** Reads to the end of the connection; the error code of the GOAWAY before it, or -1 if there was none. */
    int readToEnd() {
        int errorCode = -1;
        try {
            while (true) {
                Frame frame = read();
                if (frame.type() == GOAWAY) {
                    errorCode = frame.errorCode();
                }
            }
        } catch (IOException ended) {
            return errorCode;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private List<String> fields(byte[] block) throws IOException {
        try {
            List<String> fields = new ArrayList<>();
            decoder.decodeHeaders(1, Unpooled.wrappedBuffer(block))
                    .forEach(field -> fields.add(field.getKey() + ": " + field.getValue()));
            return List.copyOf(fields);
        } catch (Http2Exception e) {
            throw new IOException(e);
        }
    }
}
