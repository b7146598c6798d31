package dev.flynn.router.message;

import org.jspecify.annotations.Nullable;

/** Writes the head that a backend gets for the head that a client sent. */
public final class RequestHeadWriter {

    private static final byte[] VERSION = Ascii.bytes(" HTTP/1.1\r\n");
    private static final byte[] CRLF = Ascii.bytes("\r\n");
    private static final byte[] SEPARATOR = Ascii.bytes(", ");
    private static final byte[] HOST = Ascii.bytes("Host: ");
    private static final byte[] CHUNKED = Ascii.bytes("Transfer-Encoding: chunked\r\n");
    private static final byte[] CLOSE = Ascii.bytes("Connection: close\r\n");
    private static final byte[] FORWARDED_FOR = Ascii.bytes("X-Forwarded-For: ");
    private static final byte[] FORWARDED_PROTO = Ascii.bytes("X-Forwarded-Proto: ");
    private static final byte[] FORWARDED_PORT = Ascii.bytes("X-Forwarded-Port: ");
    private static final byte[] REQUEST_START = Ascii.bytes("X-Request-Start: ");
    private static final byte[] REQUEST_ID = Ascii.bytes("X-Request-Id: ");
    private static final byte[] FORWARDED_FOR_NAME = Ascii.bytes("x-forwarded-for");
    private static final byte[] FORWARDED_PROTO_NAME = Ascii.bytes("x-forwarded-proto");
    private static final byte[] FORWARDED_PORT_NAME = Ascii.bytes("x-forwarded-port");
    private static final byte[] REQUEST_START_NAME = Ascii.bytes("x-request-start");
    private static final byte[] REQUEST_ID_NAME = Ascii.bytes("x-request-id");
    private static final byte[] H2C = Ascii.bytes("h2c");
    private static final int MIN_ID_LENGTH = 20;
    private static final int MAX_ID_LENGTH = 200;

    private final Head head;
    private final HeaderEdits edits;
    private final RequestTarget target;
    private final boolean upgrade;
    private final boolean keepsId;
    private final @Nullable String freshId;

    private RequestHeadWriter(
            Head head, RequestTarget target, boolean upgrade, HeaderEdits edits, @Nullable String freshId) {
        this.head = head;
        this.edits = edits;
        this.target = target;
        this.upgrade = upgrade;
        this.keepsId = hasWellFormedId(head);
        this.freshId = freshId;
    }

    /**
     * @param closes whether the connection to the backend ends with the response
     * @param upgrade whether the client asks for an upgrade, so that what concerns the connection is passed on
     * @param edits of the fields, those that the router adds included
     * @param freshId for a request that has no well-formed one; null for any
     * @param nowMillis Unix time
     */
    public static void write(
            Head head,
            RequestTarget target,
            long framing,
            boolean closes,
            boolean upgrade,
            Hop hop,
            HeaderEdits edits,
            @Nullable String freshId,
            long nowMillis,
            HeadBuffer out) {
        new RequestHeadWriter(head, target, upgrade, edits, freshId)
                .write(framing, closes && !upgrade, hop, nowMillis, out);
    }

    private void write(long framing, boolean closes, Hop hop, long nowMillis, HeadBuffer out) {
        writeRequestLine(out);
        if (target.authority() != null) {
            out.add(HOST);
            out.add(target.authority());
            out.add(CRLF);
        }
        head.writeFields(this::keeps, out);
        if (framing == Framing.CHUNKED) {
            out.add(CHUNKED);
        }
        if (closes) {
            out.add(CLOSE);
        }
        writeExtended(Field.X_FORWARDED_FOR, FORWARDED_FOR_NAME, FORWARDED_FOR, hop.clientIp(), out);
        writeExtended(Field.X_FORWARDED_PROTO, FORWARDED_PROTO_NAME, FORWARDED_PROTO, hop.proto(), out);
        writeExtended(Field.X_FORWARDED_PORT, FORWARDED_PORT_NAME, FORWARDED_PORT, hop.port(), out);
        if (!edits.drops(REQUEST_START_NAME)) {
            out.add(REQUEST_START);
            out.addDecimal(nowMillis);
            out.add(CRLF);
        }
        if (!keepsId && !edits.drops(REQUEST_ID_NAME)) {
            out.add(REQUEST_ID);
            if (freshId == null) {
                RequestIds.write(out);
            } else {
                out.add(freshId);
            }
            out.add(CRLF);
        }
        edits.write(out);
        out.add(CRLF);
    }

    private void writeRequestLine(HeadBuffer out) {
        out.add(head.bytes(), 0, head.methodEnd()).add(' ');
        int pathLength = target.pathEnd() - target.pathStart();
        if (pathLength == 0 || head.bytes()[target.pathStart()] == '?') {
            out.add('/');
        }
        out.add(head.bytes(), target.pathStart(), pathLength).add(VERSION);
    }

    private boolean keeps(int index) {
        return isKept(index) && !edits.drops(head, index);
    }

    private boolean isKept(int index) {
        return switch (head.field(index)) {
            case CONTENT_LENGTH -> true;
            case HOST -> target.authority() == null;
            case TRANSFER_ENCODING, TE, TRAILER, TRAILERS -> false;
            case X_FORWARDED_FOR, X_FORWARDED_PROTO, X_FORWARDED_PORT, X_REQUEST_START -> false;
            case CONNECTION, UPGRADE -> upgrade;
            case X_REQUEST_ID -> keepsId;
            case EXPECT -> !head.isHttp10();
            case ACCEPT, COOKIE, OTHER -> upgrade || !head.connectionNames(index);
        };
    }

    private void writeExtended(Field field, byte[] lowerCaseName, byte[] name, byte[] added, HeadBuffer out) {
        if (edits.drops(lowerCaseName)) {
            return;
        }
        out.add(name);
        for (int i = head.indexOf(field); i >= 0; i = head.indexOf(field, i + 1)) {
            int length = head.valueEnd(i) - head.valueStart(i);
            if (length > 0) {
                out.add(head.bytes(), head.valueStart(i), length).add(SEPARATOR);
            }
        }
        out.add(added).add(CRLF);
    }

    /** The client's own id of the request, empty if there is none or it is not well formed. */
    public static String wellFormedId(Head head) {
        return hasWellFormedId(head) ? head.value(head.indexOf(Field.X_REQUEST_ID)) : "";
    }

    private static boolean hasWellFormedId(Head head) {
        int index = head.indexOf(Field.X_REQUEST_ID);
        if (index < 0 || head.indexOf(Field.X_REQUEST_ID, index + 1) >= 0) {
            return false;
        }
        int length = head.valueEnd(index) - head.valueStart(index);
        if (length < MIN_ID_LENGTH || length > MAX_ID_LENGTH) {
            return false;
        }
        for (int i = head.valueStart(index); i < head.valueEnd(index); i++) {
            byte b = head.bytes()[i];
            boolean alphanumeric = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9');
            if (!alphanumeric && b != '+' && b != '/' && b != '=' && b != '-') {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether the client wants to speak something else than HTTP. The offer to speak HTTP/2 instead is not passed on, because
     * it would let requests past the router.
     */
    public static boolean asksForUpgrade(Head head) {
        if (head.isHttp10() || !head.connectionHas(Head.UPGRADE)) {
            return false;
        }
        int protocol = head.indexOf(Field.UPGRADE);
        return protocol < 0
                || !Ascii.equalsIgnoreCase(head.bytes(), head.valueStart(protocol), head.valueEnd(protocol), H2C);
    }
}
