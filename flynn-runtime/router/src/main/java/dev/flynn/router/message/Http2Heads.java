package dev.flynn.router.message;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Heads of HTTP/2 as heads of HTTP/1.1 and back, so that everything between the two sides of an exchange knows one form only.
 *
 * <p>What has no meaning in the other form is left out (RFC 9113, section 8.2.2); what could be read in two ways there is
 * refused (section 10.3).
 */
public final class Http2Heads {

    private static final byte[] REQUEST_VERSION = Ascii.bytes(" HTTP/1.1\r\n");
    private static final byte[] RESPONSE_VERSION = Ascii.bytes("HTTP/1.1 ");
    public static final AsciiString BAD_GATEWAY = AsciiString.cached("502");

    private static final byte[] WEB_SOCKET_LINES =
            Ascii.bytes("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ");
    private static final AsciiString WEB_SOCKET = AsciiString.cached("websocket");
    private static final AsciiString SEC_WEB_SOCKET_KEY = AsciiString.cached("sec-websocket-key");
    private static final AsciiString SEC_WEB_SOCKET_ACCEPT = AsciiString.cached("sec-websocket-accept");
    private static final AsciiString CONTENT_LENGTH = AsciiString.cached("content-length");
    private static final AsciiString GET = AsciiString.cached("GET");
    private static final AsciiString HTTP = AsciiString.cached("http");
    private static final AsciiString TE = AsciiString.cached("te");
    private static final AsciiString TRAILERS = AsciiString.cached("trailers");
    private static final byte[] CRLF = Ascii.bytes("\r\n");
    private static final byte[] COLON = Ascii.bytes(": ");
    private static final byte[] HOST_LINE = Ascii.bytes("Host: ");
    private static final byte[] COOKIE_LINE = Ascii.bytes("Cookie: ");
    private static final byte[] CRUMB_SEPARATOR = Ascii.bytes("; ");
    private static final AsciiString HOST = AsciiString.cached("host");
    private static final AsciiString COOKIE = AsciiString.cached("cookie");
    private static final AsciiString SET_COOKIE = AsciiString.cached("set-cookie");
    private static final AsciiString CONNECT = AsciiString.cached("CONNECT");
    private static final byte[] KEEP_ALIVE = Ascii.bytes("keep-alive");
    private static final byte[] PROXY_CONNECTION = Ascii.bytes("proxy-connection");
    private static final Set<String> HOP_FIELDS =
            Set.of("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade");

    private Http2Heads() {}

    /**
     * Whether that asks for a WebSocket (RFC 8441, section 4).
     *
     * @throws BadMessage {@code 400} if it is malformed, {@code 501} for any other protocol
     */
    public static boolean asksForWebSocket(Http2Headers headers) throws BadMessage {
        CharSequence protocol = headers.get(Http2Headers.PseudoHeaderName.PROTOCOL.value());
        if (protocol == null) {
            return false;
        }
        if (headers.method() == null || !CONNECT.contentEquals(headers.method()) || headers.authority() == null) {
            throw BadMessage.malformed(":protocol without CONNECT or :authority");
        }
        if (!WEB_SOCKET.contentEquals(protocol)) {
            throw new BadMessage(501, "CONNECT: of all protocols the router knows websocket only");
        }
        return true;
    }

    private static boolean isOfHandshake(CharSequence name) {
        return SEC_WEB_SOCKET_KEY.contentEquals(name) || SEC_WEB_SOCKET_ACCEPT.contentEquals(name);
    }

    /** How the body of a request goes on; one without a length in chunks. */
    public static long framing(Head head, boolean endOfStream) throws BadMessage {
        boolean hasLength = head.indexOf(Field.CONTENT_LENGTH) >= 0;
        if (!hasLength && !endOfStream) {
            return Framing.CHUNKED;
        }
        return Framing.ofRequest(head);
    }

    /** The head of the answer to who asked for a WebSocket and got it. */
    public static Http2Headers webSocketResponse(Head head, HeaderEdits edits, @Nullable String cookie) {
        Http2Headers headers = response(head, edits, cookie);
        headers.status(status(200));
        headers.remove(SEC_WEB_SOCKET_ACCEPT);
        headers.remove(CONTENT_LENGTH);
        return headers;
    }

    /**
     * Writes a request's head as HTTP/1.1 has it; its framing is not in it.
     *
     * @param key with which a WebSocket is asked for, null for other requests
     * @throws BadMessage {@code 400} if the fields are malformed, {@code 501} for {@code CONNECT}
     */
    public static void writeRequest(Http2Headers headers, @Nullable String key, ByteBuf out) throws BadMessage {
        CharSequence method = headers.method();
        CharSequence path = headers.path();
        CharSequence authority = headers.authority();
        if (method == null) {
            throw BadMessage.malformed("no :method");
        }
        boolean connects = CONNECT.contentEquals(method);
        if (connects && key == null) {
            throw BadMessage.connect();
        }
        if (headers.scheme() == null || path == null || path.length() == 0) {
            throw BadMessage.malformed("no :scheme or no :path");
        }
        boolean asterisk = path.length() == 1 && path.charAt(0) == '*';
        if (path.charAt(0) != '/' && !asterisk) {
            throw BadMessage.malformed("the :path is no path");
        }
        writeVisible(connects ? GET : method, out);
        out.writeByte(' ');
        writeVisible(path, out);
        out.writeBytes(REQUEST_VERSION);
        if (key != null) {
            out.writeBytes(WEB_SOCKET_LINES);
            ByteBufUtil.writeAscii(out, key);
            out.writeBytes(CRLF);
        }
        CharSequence host = authority == null ? headers.get(HOST) : authority;
        if (host != null) {
            out.writeBytes(HOST_LINE);
            writeVisible(host, out);
            out.writeBytes(CRLF);
        }
        boolean crumbs = false;
        for (Map.Entry<CharSequence, CharSequence> field : headers) {
            CharSequence name = field.getKey();
            if (Http2Headers.PseudoHeaderName.hasPseudoHeaderFormat(name)) {
                continue;
            }
            if (HOST.contentEquals(name)) {
                requireSameHost(host, field.getValue());
            } else if (COOKIE.contentEquals(name)) {
                crumbs = true;
            } else if (key == null || !isOfHandshake(name)) {
                writeField(name, field.getValue(), out);
            }
        }
        if (crumbs) {
            writeCookie(headers, out);
        }
        out.writeBytes(CRLF);
    }

    /**
     * The head of a response for a client of HTTP/2.
     *
     * @param cookie the value of a {@code Set-Cookie} field to add
     */
    public static Http2Headers response(Head head, HeaderEdits edits, @Nullable String cookie) {
        DefaultHttp2Headers headers = new DefaultHttp2Headers(false, head.fieldCount() + 2);
        headers.status(status(head.status()));
        boolean keepsLength = head.status() >= 200 && head.status() != 204 && head.indexOf(Field.TRANSFER_ENCODING) < 0;
        byte[] bytes = head.bytes();
        for (int i = 0; i < head.fieldCount(); i++) {
            boolean keeps = switch (head.field(i)) {
                case TRANSFER_ENCODING, TE, TRAILERS, CONNECTION, UPGRADE -> false;
                case CONTENT_LENGTH -> keepsLength && head.indexOf(Field.CONTENT_LENGTH) == i;
                default -> !head.connectionNames(i) && !isHopField(head, i);
            };
            if (keeps && !edits.drops(head, i)) {
                headers.add(lowerCaseName(head, i), copy(bytes, head.valueStart(i), head.valueEnd(i)));
            }
        }
        edits.addTo(headers);
        if (cookie != null) {
            headers.add(SET_COOKIE, AsciiString.of(cookie));
        }
        return headers;
    }

    /** The head of a request for a backend that speaks HTTP/2, from what one of HTTP/1.1 would get. */
    public static Http2Headers request(Head head) {
        DefaultHttp2Headers headers = new DefaultHttp2Headers(false, head.fieldCount() + 4);
        byte[] bytes = head.bytes();
        headers.method(copy(bytes, 0, head.methodEnd()));
        headers.scheme(HTTP);
        headers.path(copy(bytes, head.targetStart(), head.targetEnd()));
        for (int i = 0; i < head.fieldCount(); i++) {
            boolean keeps = switch (head.field(i)) {
                case TRANSFER_ENCODING, TE, CONNECTION, UPGRADE -> false;
                case HOST -> {
                    headers.authority(copy(bytes, head.valueStart(i), head.valueEnd(i)));
                    yield false;
                }
                default -> !isHopField(head, i);
            };
            if (keeps) {
                headers.add(lowerCaseName(head, i), copy(bytes, head.valueStart(i), head.valueEnd(i)));
            }
        }
        headers.add(TE, TRAILERS);
        return headers;
    }

    /** Writes a response's head as HTTP/1.1 has it; its framing is not in it, unless it tells a length. */
    public static void writeResponse(Http2Headers headers, ByteBuf out) throws BadMessage {
        CharSequence status = headers.status();
        if (status == null) {
            throw BadMessage.malformed("no :status");
        }
        out.writeBytes(RESPONSE_VERSION);
        writeVisible(status, out);
        out.writeByte(' ').writeBytes(CRLF);
        for (Map.Entry<CharSequence, CharSequence> field : headers) {
            if (!Http2Headers.PseudoHeaderName.hasPseudoHeaderFormat(field.getKey())) {
                writeField(field.getKey(), field.getValue(), out);
            }
        }
        out.writeBytes(CRLF);
    }

    public static Trailers trailers(Http2Headers headers) throws BadMessage {
        Trailers.Collector trailers = new Trailers.Collector();
        for (Map.Entry<CharSequence, CharSequence> field : headers) {
            if (Http2Headers.PseudoHeaderName.hasPseudoHeaderFormat(field.getKey())) {
                throw BadMessage.malformed("a pseudo-header in trailers");
            }
            trailers.add(field.getKey(), field.getValue());
        }
        return trailers.toTrailers();
    }

    public static Http2Headers trailers(Trailers trailers) {
        DefaultHttp2Headers headers =
                new DefaultHttp2Headers(false, trailers.lines().size());
        for (Trailers.Line line : trailers.lines()) {
            headers.add(new AsciiString(line.name(), false), new AsciiString(line.value(), false));
        }
        return headers;
    }

    private static AsciiString lowerCaseName(Head head, int index) {
        return copy(head.bytes(), head.nameStart(index), head.nameEnd(index)).toLowerCase();
    }

    private static boolean isHopField(Head head, int index) {
        return head.nameIs(index, KEEP_ALIVE) || head.nameIs(index, PROXY_CONNECTION);
    }

    /** Whether it is one of the connection that the router does not know by itself. */
    static boolean isHopField(byte[] name, int length) {
        return Ascii.equalsIgnoreCase(name, 0, length, KEEP_ALIVE)
                || Ascii.equalsIgnoreCase(name, 0, length, PROXY_CONNECTION);
    }

    private static AsciiString copy(byte[] bytes, int start, int end) {
        return new AsciiString(bytes, start, end - start, true);
    }

    private static CharSequence status(int status) {
        return AsciiString.of(Integer.toString(status));
    }

    /** A client may name the host twice, as long as it is the same one (RFC 9113, section 8.3.1). */
    private static void requireSameHost(@Nullable CharSequence host, CharSequence named) throws BadMessage {
        if (host == null || !AsciiString.contentEqualsIgnoreCase(host, named)) {
            throw BadMessage.malformed("host and :authority differ");
        }
    }

    /** Crumbs of cookies become one field again (RFC 9113, section 8.2.3). */
    private static void writeCookie(Http2Headers headers, ByteBuf out) throws BadMessage {
        boolean first = true;
        for (CharSequence crumb : headers.getAll(COOKIE)) {
            out.writeBytes(first ? COOKIE_LINE : CRUMB_SEPARATOR);
            writeValue(crumb, out);
            first = false;
        }
        out.writeBytes(CRLF);
    }

    private static void writeField(CharSequence name, CharSequence value, ByteBuf out) throws BadMessage {
        if (HOP_FIELDS.contains(name.toString())) {
            throw BadMessage.malformed("a field of the connection: " + name);
        }
        writeName(name, out);
        out.writeBytes(COLON);
        writeValue(value, out);
        out.writeBytes(CRLF);
    }

    private static void writeName(CharSequence name, ByteBuf out) throws BadMessage {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c > 0x7f || (c >= 'A' && c <= 'Z') || !Ascii.isToken((byte) c)) {
                throw BadMessage.malformed("a field name is malformed");
            }
            out.writeByte(c);
        }
    }

    private static void writeValue(CharSequence value, ByteBuf out) throws BadMessage {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c > 0xff || Ascii.isForbiddenInValue((byte) c)) {
                throw BadMessage.malformed("a control character stands in the head");
            }
            out.writeByte(c);
        }
    }

    /** Writes what stands in a request line or is a host: no blanks. */
    private static void writeVisible(CharSequence text, ByteBuf out) throws BadMessage {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c == 0x7f || c > 0xff) {
                throw BadMessage.malformed("a blank or control character stands in the request line");
            }
            out.writeByte(c);
        }
    }
}
