package dev.flynn.logs;

/**
 * Messages with octet counting and a newline after each, as they stand one after the other in a file: {@code LEN SP MESSAGE
 * LF} (RFC 6587, section 3.4.1).
 */
final class Frames {

    /** The frame is not there as a whole. */
    static final int INCOMPLETE = -1;

    /** What is there is no frame. */
    static final int DAMAGED = -2;

    /** No frame is longer. */
    static final int MAX_BYTES = 64 * 1024;

    private static final int MAX_DIGITS = 5;

    private Frames() {}

    /** Where the frame that begins at {@code from} ends, or {@link #INCOMPLETE}, or {@link #DAMAGED}. */
    static int end(byte[] bytes, int from, int to) {
        int length = 0;
        for (int at = from; at < to; at++) {
            byte b = bytes[at];
            if (b == ' ') {
                return at == from || length > MAX_BYTES ? DAMAGED : closing(bytes, at + 1 + length, to);
            }
            boolean leadingZero = at > from && length == 0;
            if (b < '0' || b > '9' || leadingZero || at - from == MAX_DIGITS) {
                return DAMAGED;
            }
            length = length * 10 + (b - '0');
        }
        return INCOMPLETE;
    }

    private static int closing(byte[] bytes, int at, int to) {
        if (at >= to) {
            return INCOMPLETE;
        }
        return bytes[at] == '\n' ? at + 1 : DAMAGED;
    }

    /** Where the message of a whole frame begins; it ends one before the frame. */
    static int message(byte[] bytes, int from) {
        int at = from;
        while (bytes[at] != ' ') {
            at++;
        }
        return at + 1;
    }

    /** Where the last whole frame ends; {@code from} if there is none. */
    static int whole(byte[] bytes, int from, int to) {
        int end = from;
        for (int next = end(bytes, from, to); next > 0; next = end(bytes, next, to)) {
            end = next;
        }
        return end;
    }

    /** How many whole frames there are. */
    static int count(byte[] bytes, int from, int to) {
        int count = 0;
        for (int next = end(bytes, from, to); next > 0; next = end(bytes, next, to)) {
            count++;
        }
        return count;
    }

    /**
     * Where the first frame begins in a piece that may begin in the middle of one; {@code to} if none does. A newline within a
     * message does not mislead it, unless a whole frame follows there.
     */
    static int firstStart(byte[] bytes, int from, int to) {
        for (int at = from; at < to; at++) {
            if (bytes[at] == '\n' && end(bytes, at + 1, to) > 0) {
                return at + 1;
            }
        }
        return to;
    }
}
