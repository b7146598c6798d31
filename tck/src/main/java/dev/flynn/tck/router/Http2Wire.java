package dev.flynn.tck.router;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * As much of HTTP/2 as the kit needs (RFC 9113): single requests, whose heads are written without compression and read only
 * as frames.
 */
final class Http2Wire {

    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII);

    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;
    private static final int ACK = 1;

    /** {@code :status: 200}, {@code :method: GET}, {@code :method: POST} and {@code :scheme: http} of the static table (RFC 7541, appendix A). */
    private static final int STATUS_200 = 0x88;

    private static final int METHOD_GET = 0x82;
    private static final int METHOD_POST = 0x83;
    private static final int SCHEME_HTTP = 0x86;

    private final InputStream in;
    private final OutputStream out;

    Http2Wire(InputStream in, OutputStream out) {
        this.in = in;
        this.out = out;
    }

    /** One frame (section 4.1). */
    record Frame(int type, int flags, int stream, byte[] payload) {
        boolean has(int flag) {
            return (flags & flag) != 0;
        }
    }

    /** Sends one GET as a client, and returns the data of the response in one frame. */
    Frame get(String authority, String path) throws IOException {
        out.write(PREFACE);
        write(new Frame(SETTINGS, 0, 0, new byte[0]));
        var head = new ByteArrayOutputStream();
        head.write(METHOD_GET);
        head.write(SCHEME_HTTP);
        literal(head, ":path", path);
        literal(head, ":authority", authority);
        write(new Frame(HEADERS, END_STREAM | END_HEADERS, 1, head.toByteArray()));
        var data = new ByteArrayOutputStream();
        while (true) {
            Frame frame = read();
            if (frame.stream() == 1 && frame.type() == DATA) {
                data.writeBytes(frame.payload());
            }
            if (frame.stream() == 1 && (frame.type() == DATA || frame.type() == HEADERS) && frame.has(END_STREAM)) {
                return new Frame(DATA, END_STREAM, 1, data.toByteArray());
            }
            if (frame.stream() == 1 && frame.type() > HEADERS) {
                throw new IOException("the stream ended by " + frame);
            }
        }
    }

    /**
     * Sends one POST as a client, whose body is followed by trailers.
     *
     * @return whether the response's body was followed by trailers
     */
    boolean postWithTrailers(String authority, String path) throws IOException {
        out.write(PREFACE);
        write(new Frame(SETTINGS, 0, 0, new byte[0]));
        var head = new ByteArrayOutputStream();
        head.write(METHOD_POST);
        head.write(SCHEME_HTTP);
        literal(head, ":path", path);
        literal(head, ":authority", authority);
        literal(head, "te", "trailers");
        write(new Frame(HEADERS, END_HEADERS, 1, head.toByteArray()));
        write(new Frame(DATA, 0, 1, "body".getBytes(UTF_8)));
        write(new Frame(HEADERS, END_STREAM | END_HEADERS, 1, trailers()));
        boolean hasData = false;
        while (true) {
            Frame frame = read();
            if (frame.stream() != 1) {
                continue;
            }
            hasData |= frame.type() == DATA && frame.payload().length > 0;
            if (frame.has(END_STREAM) && frame.type() <= HEADERS) {
                return hasData && frame.type() == HEADERS;
            }
            if (frame.type() > HEADERS) {
                throw new IOException("the stream ended by " + frame);
            }
        }
    }

    /**
     * Opens a WebSocket as a client (RFC 8441), says a text and ends its own direction.
     *
     * @return all that comes back
     */
    String webSocket(String authority, String path, String text) throws IOException {
        out.write(PREFACE);
        write(new Frame(SETTINGS, 0, 0, new byte[0]));
        var head = new ByteArrayOutputStream();
        literal(head, ":method", "CONNECT");
        literal(head, ":protocol", "websocket");
        head.write(SCHEME_HTTP);
        literal(head, ":path", path);
        literal(head, ":authority", authority);
        literal(head, "sec-websocket-version", "13");
        write(new Frame(HEADERS, END_HEADERS, 1, head.toByteArray()));
        Frame answer = read();
        while (answer.type() != HEADERS) {
            if (answer.stream() == 1) {
                throw new IOException("the stream ended by " + answer);
            }
            answer = read();
        }
        if (answer.has(END_STREAM)) {
            throw new IOException("no WebSocket");
        }
        write(new Frame(DATA, END_STREAM, 1, text.getBytes(UTF_8)));
        var all = new ByteArrayOutputStream();
        Frame frame;
        do {
            frame = read();
            if (frame.stream() == 1 && frame.type() > HEADERS) {
                throw new IOException("the stream ended by " + frame);
            }
            if (frame.type() == DATA) {
                all.writeBytes(frame.payload());
            }
        } while (frame.type() != DATA || !frame.has(END_STREAM));
        return all.toString(UTF_8);
    }

    /** Answers every request as a server with 200, a body and trailers; tells of each request whose body had trailers. */
    void answerWithTrailers(Runnable hadTrailers) throws IOException {
        HttpMessage.readExactly(in, PREFACE.length);
        write(new Frame(SETTINGS, 0, 0, new byte[0]));
        boolean hasData = false;
        while (true) {
            Frame frame = read();
            hasData |= frame.type() == DATA;
            if ((frame.type() == DATA || frame.type() == HEADERS) && frame.has(END_STREAM)) {
                if (frame.type() == HEADERS && hasData) {
                    hadTrailers.run();
                }
                write(new Frame(HEADERS, END_HEADERS, frame.stream(), new byte[] {(byte) STATUS_200}));
                write(new Frame(DATA, 0, frame.stream(), "answer".getBytes(UTF_8)));
                write(new Frame(HEADERS, END_STREAM | END_HEADERS, frame.stream(), trailers()));
                hasData = false;
            }
        }
    }

    private static byte[] trailers() {
        var trailers = new ByteArrayOutputStream();
        literal(trailers, "x-checksum", "0");
        return trailers.toByteArray();
    }

    /** Answers every request as a server with 200 and this text, after its end. */
    void answerAll(String text) throws IOException {
        byte[] preface = HttpMessage.readExactly(in, PREFACE.length);
        if (!java.util.Arrays.equals(preface, PREFACE)) {
            throw new IOException("not HTTP/2");
        }
        write(new Frame(SETTINGS, 0, 0, new byte[0]));
        while (true) {
            Frame frame = read();
            if ((frame.type() == DATA || frame.type() == HEADERS) && frame.has(END_STREAM)) {
                write(new Frame(HEADERS, END_HEADERS, frame.stream(), new byte[] {(byte) STATUS_200}));
                write(new Frame(DATA, END_STREAM, frame.stream(), text.getBytes(UTF_8)));
            }
        }
    }

    /** Reads the next frame, and answers those that want an answer. */
    private Frame read() throws IOException {
        byte[] head = HttpMessage.readExactly(in, 9);
        int length = number(head, 0, 3);
        var frame = new Frame(head[3], head[4], number(head, 5, 4), HttpMessage.readExactly(in, length));
        if ((frame.type() == SETTINGS || frame.type() == PING) && !frame.has(ACK)) {
            write(new Frame(frame.type(), ACK, 0, frame.type() == PING ? frame.payload() : new byte[0]));
        }
        return frame;
    }

    private void write(Frame frame) throws IOException {
        var bytes = new ByteArrayOutputStream();
        int length = frame.payload().length;
        bytes.writeBytes(new byte[] {(byte) (length >> 16), (byte) (length >> 8), (byte) length});
        bytes.write(frame.type());
        bytes.write(frame.flags());
        bytes.writeBytes(new byte[] {0, 0, (byte) (frame.stream() >> 8), (byte) frame.stream()});
        bytes.writeBytes(frame.payload());
        out.write(bytes.toByteArray());
        out.flush();
    }

    /** A field that nobody shall remember (RFC 7541, section 6.2.2); texts shorter than 127 bytes. */
    private static void literal(ByteArrayOutputStream head, String name, String value) {
        head.write(0);
        for (String text : new String[] {name, value}) {
            head.write(text.length());
            head.writeBytes(text.getBytes(US_ASCII));
        }
    }

    private static int number(byte[] bytes, int start, int length) {
        int number = 0;
        for (int i = start; i < start + length; i++) {
            number = number << 8 | bytes[i] & 0xff;
        }
        return number;
    }
}
