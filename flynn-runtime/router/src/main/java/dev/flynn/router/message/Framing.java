package dev.flynn.router.message;

/**
 * How a body is delimited: a length of zero or more, or one of the constants.
 *
 * <p>The rules are those of RFC 9112, section 6.3; a request that leaves room for doubt is refused.
 */
public final class Framing {

    public static final long CHUNKED = -1;
    public static final long UNTIL_CLOSE = -2;

    /** A response of HTTP/2 that told no length and has no body. */
    public static final long EMPTY = -3;

    private Framing() {}

    public static long ofRequest(Head head) throws BadMessage {
        int transferEncoding = head.indexOf(Field.TRANSFER_ENCODING);
        int contentLength = head.indexOf(Field.CONTENT_LENGTH);
        if (transferEncoding >= 0) {
            if (contentLength >= 0) {
                throw BadMessage.malformed("both Content-Length and Transfer-Encoding");
            }
            if (head.isHttp10()) {
                throw BadMessage.malformed("Transfer-Encoding in HTTP/1.0");
            }
            requireChunked(head, transferEncoding);
            return CHUNKED;
        }
        if (contentLength < 0) {
            return 0;
        }
        if (head.indexOf(Field.CONTENT_LENGTH, contentLength + 1) >= 0) {
            throw BadMessage.malformed("more than one Content-Length");
        }
        return length(head, contentLength);
    }

    /** @param answersHead whether the request was a {@code HEAD} */
    public static long ofResponse(Head head, boolean answersHead) throws BadMessage {
        if (answersHead || hasNoBody(head.status())) {
            return 0;
        }
        int transferEncoding = head.indexOf(Field.TRANSFER_ENCODING);
        if (transferEncoding >= 0) {
            requireChunked(head, transferEncoding);
            return CHUNKED;
        }
        int first = head.indexOf(Field.CONTENT_LENGTH);
        if (first < 0) {
            return UNTIL_CLOSE;
        }
        long length = length(head, first);
        for (int i = first; (i = head.indexOf(Field.CONTENT_LENGTH, i + 1)) >= 0; ) {
            if (length(head, i) != length) {
                throw BadMessage.malformed("contradicting Content-Length fields");
            }
        }
        return length;
    }

    static boolean hasNoBody(int status) {
        return status < 200 || status == 204 || status == 304;
    }

    private static void requireChunked(Head head, int index) throws BadMessage {
        boolean single = head.indexOf(Field.TRANSFER_ENCODING, index + 1) < 0;
        if (!single
                || !Ascii.equalsIgnoreCase(head.bytes(), head.valueStart(index), head.valueEnd(index), Head.CHUNKED)) {
            throw BadMessage.malformed("a Transfer-Encoding other than chunked");
        }
    }

    private static long length(Head head, int index) throws BadMessage {
        int start = head.valueStart(index);
        int end = head.valueEnd(index);
        if (start == end || end - start > 18) {
            throw BadMessage.malformed("the Content-Length is malformed");
        }
        long length = 0;
        for (int i = start; i < end; i++) {
            byte digit = head.bytes()[i];
            if (digit < '0' || digit > '9') {
                throw BadMessage.malformed("the Content-Length is malformed");
            }
            length = length * 10 + digit - '0';
        }
        return length;
    }
}
