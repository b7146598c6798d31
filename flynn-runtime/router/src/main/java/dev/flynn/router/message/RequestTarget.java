package dev.flynn.router.message;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where a request wants to go: its host, and where its path lies in the head's bytes.
 *
 * @param host in lower case and without a port; empty if an HTTP/1.0 request names none
 * @param authority what replaces the {@code Host} field, if the target was in absolute form (RFC 9112, section 3.2.2)
 */
public record RequestTarget(
        String host, int pathStart, int pathEnd, @Nullable String authority) {

    private static final byte[] HTTP = Ascii.bytes("http://");
    private static final byte[] HTTPS = Ascii.bytes("https://");
    private static final byte[] CONNECT = Ascii.bytes("CONNECT");
    private static final String HOST_CHARACTERS = "!$&'()*+,-.:;=[]_~%";

    public static RequestTarget of(Head head) throws BadMessage {
        if (head.methodIs(CONNECT)) {
            throw BadMessage.connect();
        }
        String field = hostField(head);
        byte[] bytes = head.bytes();
        int start = head.targetStart();
        int end = head.targetEnd();
        if (bytes[start] == '/' || (bytes[start] == '*' && end == start + 1)) {
            return new RequestTarget(host(field), start, end, null);
        }
        int authorityStart = start + schemeLength(bytes, start, end);
        if (authorityStart == start) {
            throw BadMessage.malformed("the request target is neither a path nor an absolute URL");
        }
        int authorityEnd = authorityStart;
        while (authorityEnd < end && bytes[authorityEnd] != '/' && bytes[authorityEnd] != '?') {
            authorityEnd++;
        }
        String authority = Ascii.string(bytes, authorityStart, authorityEnd);
        return new RequestTarget(host(authority), authorityEnd, end, authority);
    }

    private static String hostField(Head head) throws BadMessage {
        int first = head.indexOf(Field.HOST);
        if (first < 0) {
            if (!head.isHttp10()) {
                throw BadMessage.malformed("no Host field");
            }
            return "";
        }
        if (head.indexOf(Field.HOST, first + 1) >= 0) {
            throw BadMessage.malformed("more than one Host field");
        }
        return head.value(first);
    }

    private static int schemeLength(byte[] bytes, int start, int end) {
        for (byte[] scheme : new byte[][] {HTTP, HTTPS}) {
            int schemeEnd = start + scheme.length;
            if (schemeEnd < end && Ascii.equalsIgnoreCase(bytes, start, schemeEnd, scheme)) {
                return scheme.length;
            }
        }
        return 0;
    }

    private static String host(String hostAndPort) throws BadMessage {
        for (int i = 0; i < hostAndPort.length(); i++) {
            char c = hostAndPort.charAt(i);
            boolean plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
            if (!plain && HOST_CHARACTERS.indexOf(c) < 0) {
                throw BadMessage.malformed("the host is malformed");
            }
        }
        int bracket = hostAndPort.startsWith("[") ? hostAndPort.indexOf(']') : 0;
        int colon = hostAndPort.indexOf(':', Math.max(bracket, 0));
        String host = colon < 0 ? hostAndPort : hostAndPort.substring(0, colon);
        return host.toLowerCase(Locale.ROOT);
    }
}
