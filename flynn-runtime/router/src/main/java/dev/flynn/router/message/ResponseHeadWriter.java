package dev.flynn.router.message;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Writes the head that a client gets for the head that a backend sent. */
public final class ResponseHeadWriter {

    private static final byte[] VERSION = Ascii.bytes("HTTP/1.1 ");
    private static final byte[] CRLF = Ascii.bytes("\r\n");
    private static final byte[] CHUNKED = Ascii.bytes("Transfer-Encoding: chunked\r\n");
    private static final byte[] SET_COOKIE = Ascii.bytes("Set-Cookie: ");

    /** What the head says about the client's connection. */
    public enum Connection {
        /** Nothing: it stays open, as HTTP/1.1 has it. */
        UNSAID(""),
        CLOSE("Connection: close\r\n"),
        /** It stays open, which an HTTP/1.0 client has to be told. */
        KEEP_ALIVE("Connection: keep-alive\r\n");

        private final byte[] line;

        Connection(String line) {
            this.line = Ascii.bytes(line);
        }

        void write(ByteBuf out) {
            out.writeBytes(line);
        }
    }

    private final Head head;
    private final HeaderEdits edits;
    private final boolean upgrade;
    private final boolean keepsLength;

    private ResponseHeadWriter(Head head, HeaderEdits edits) {
        this.head = head;
        this.edits = edits;
        this.upgrade = !head.isHttp10() && head.connectionHas(Head.UPGRADE);
        this.keepsLength = head.status() >= 200 && head.status() != 204 && head.indexOf(Field.TRANSFER_ENCODING) < 0;
    }

    /**
     * @param chunked whether the body will be sent in chunks
     * @param cookie the value of a {@code Set-Cookie} field to add
     */
    public static void write(
            Head head,
            boolean chunked,
            Connection connection,
            HeaderEdits edits,
            @Nullable String cookie,
            HeadBuffer out) {
        new ResponseHeadWriter(head, edits).write(chunked, connection, cookie, out);
    }

    private void write(boolean chunked, Connection connection, @Nullable String cookie, HeadBuffer out) {
        out.add(VERSION)
                .addDecimal(head.status())
                .add(' ')
                .add(head.bytes(), head.reasonStart(), head.reasonEnd() - head.reasonStart())
                .add(CRLF);
        head.writeFields(this::keeps, out);
        if (chunked) {
            out.add(CHUNKED);
        }
        edits.write(out);
        out.add(connection.line);
        if (cookie != null) {
            out.add(SET_COOKIE);
            out.add(cookie);
            out.add(CRLF);
        }
        out.add(CRLF);
    }

    private boolean keeps(int index) {
        return isKept(index) && !edits.drops(head, index);
    }

    private boolean isKept(int index) {
        return switch (head.field(index)) {
            case TRANSFER_ENCODING, TE, TRAILER, TRAILERS -> false;
            case CONTENT_LENGTH -> keepsLength && head.indexOf(Field.CONTENT_LENGTH) == index;
            case CONNECTION, UPGRADE -> upgrade;
            default -> upgrade || !head.connectionNames(index);
        };
    }
}
