package dev.flynn.router.message;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * A parsed message head: one copy of its bytes, and where its parts lie in it. No object per header.
 *
 * <p>It is strict: whatever two readers of HTTP might take for different things is refused (RFC 9112, section 11.2). One
 * object serves one head after the other; what outlives the next {@code read…} has to be copied out.
 */
public final class Head {

    public static final byte[] CLOSE = Ascii.bytes("close");
    public static final byte[] KEEP_ALIVE = Ascii.bytes("keep-alive");
    static final byte[] UPGRADE = Ascii.bytes("upgrade");
    static final byte[] CHUNKED = Ascii.bytes("chunked");

    private static final byte[] HTTP_1 = Ascii.bytes("HTTP/1.");
    private static final int MAX_FIELDS = 256;
    private static final int MAX_CONNECTION_TOKENS = 64;
    private static final int NAME_START = 0;
    private static final int NAME_END = 1;
    private static final int VALUE_START = 2;
    private static final int VALUE_END = 3;
    private static final int POSITIONS = 4;

    private byte[] bytes = new byte[2048];
    private int length;

    /** The version's last digit. */
    private int minorVersion;

    private int methodEnd;
    private int targetStart;
    private int targetEnd;
    private int status;
    private int reasonStart;
    private int reasonEnd;
    private int fieldsStart;
    private int fieldCount;
    private Field[] fields = new Field[32];
    private int[] positions = new int[32 * POSITIONS];

    private final int[] connectionTokens = new int[2 * MAX_CONNECTION_TOKENS];
    private int connectionTokenCount;

    /** Takes the head of a request from the buffer; {@code headLength} is what {@link HeadScanner} found. */
    public void readRequest(ByteBuf in, int headLength) throws BadMessage {
        copy(in, headLength);
        int at = 0;
        while (Ascii.isToken(bytes[at])) {
            at++;
        }
        methodEnd = at;
        if (at == 0 || bytes[at] != ' ') {
            throw BadMessage.malformed("the method is malformed");
        }
        targetStart = ++at;
        while ((bytes[at] & 0xff) > ' ' && bytes[at] != 0x7f) {
            at++;
        }
        targetEnd = at;
        if (at == targetStart || bytes[at] != ' ') {
            throw BadMessage.malformed("the request target is malformed");
        }
        at = readVersion(at + 1);
        if (bytes[at] != '\r' || bytes[at + 1] != '\n') {
            throw BadMessage.malformed("the version is malformed");
        }
        readFields(at + 2);
    }

    /** Takes the head of a response from the buffer. */
    public void readResponse(ByteBuf in, int headLength) throws BadMessage {
        copy(in, headLength);
        int at = readVersion(0);
        if (bytes[at] != ' ') {
            throw BadMessage.malformed("the version is malformed");
        }
        status = 0;
        for (int digit = at + 1; digit <= at + 3; digit++) {
            if (bytes[digit] < '0' || bytes[digit] > '9') {
                throw BadMessage.malformed("the status is malformed");
            }
            status = status * 10 + bytes[digit] - '0';
        }
        if (status < 100) {
            throw BadMessage.malformed("the status is malformed");
        }
        at += 4;
        reasonStart = at;
        if (bytes[at] == ' ') {
            reasonStart = ++at;
        } else if (bytes[at] != '\r') {
            throw BadMessage.malformed("the status is malformed");
        }
        at = endOfLine(at);
        reasonEnd = at;
        readFields(at + 2);
    }

    public byte[] bytes() {
        return bytes;
    }

    /** Whether the message is HTTP/1.0 and not a later one. */
    public boolean isHttp10() {
        return minorVersion == 0;
    }

    public boolean methodIs(byte[] method) {
        return Arrays.equals(bytes, 0, methodEnd, method, 0, method.length);
    }

    public int methodEnd() {
        return methodEnd;
    }

    public int targetStart() {
        return targetStart;
    }

    public int targetEnd() {
        return targetEnd;
    }

    public int status() {
        return status;
    }

    int reasonStart() {
        return reasonStart;
    }

    int reasonEnd() {
        return reasonEnd;
    }

    public int fieldCount() {
        return fieldCount;
    }

    Field field(int index) {
        return fields[index];
    }

    int nameStart(int index) {
        return positions[index * POSITIONS + NAME_START];
    }

    int nameEnd(int index) {
        return positions[index * POSITIONS + NAME_END];
    }

    public int valueStart(int index) {
        return positions[index * POSITIONS + VALUE_START];
    }

    public int valueEnd(int index) {
        return positions[index * POSITIONS + VALUE_END];
    }

    /** Where the field's line ends, after its line feed. */
    int lineEnd(int index) {
        return index + 1 < fieldCount ? nameStart(index + 1) : length - 2;
    }

    /** The first value of a field that has no constant, empty if there is none. */
    public String firstValue(byte[] lowerCaseName) {
        for (int i = 0; i < fieldCount; i++) {
            if (nameIs(i, lowerCaseName)) {
                return value(i);
            }
        }
        return "";
    }

    public String value(int index) {
        return Ascii.string(bytes, valueStart(index), valueEnd(index));
    }

    /** Whether the field has that name, in any letter case. */
    public boolean nameIs(int index, byte[] lowerCaseName) {
        return Ascii.equalsIgnoreCase(bytes, nameStart(index), nameEnd(index), lowerCaseName);
    }

    /** The first field of that kind, or -1. */
    public int indexOf(Field wanted) {
        return indexOf(wanted, 0);
    }

    /** The first field of that kind at or after an index, or -1. */
    public int indexOf(Field wanted, int from) {
        for (int i = from; i < fieldCount; i++) {
            if (fields[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    /** Whether a {@code Connection} field has the token. */
    public boolean connectionHas(byte[] lowerCaseToken) {
        for (int i = 0; i < connectionTokenCount; i++) {
            if (Ascii.equalsIgnoreCase(bytes, connectionTokens[2 * i], connectionTokens[2 * i + 1], lowerCaseToken)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a {@code Connection} field names this one, which is then meant for the next hop only. */
    boolean connectionNames(int index) {
        for (int i = 0; i < connectionTokenCount; i++) {
            if (Ascii.equalsIgnoreCase(
                    bytes, nameStart(index), nameEnd(index), connectionTokens[2 * i], connectionTokens[2 * i + 1])) {
                return true;
            }
        }
        return false;
    }

    /** Writes the lines of the fields that pass, neighbours in one go. */
    void writeFields(IntPredicate keeps, HeadBuffer out) {
        int runStart = -1;
        int runEnd = -1;
        for (int i = 0; i < fieldCount; i++) {
            if (keeps.test(i)) {
                runStart = runStart < 0 ? nameStart(i) : runStart;
                runEnd = lineEnd(i);
            } else if (runStart >= 0) {
                out.add(bytes, runStart, runEnd - runStart);
                runStart = -1;
            }
        }
        if (runStart >= 0) {
            out.add(bytes, runStart, runEnd - runStart);
        }
    }

    private void copy(ByteBuf in, int headLength) {
        if (bytes.length < headLength) {
            bytes = new byte[Math.max(headLength, 2 * bytes.length)];
        }
        length = headLength;
        in.readBytes(bytes, 0, headLength);
    }

    private int readVersion(int at) throws BadMessage {
        int digit = at + HTTP_1.length;
        if (digit >= length || !Arrays.equals(bytes, at, digit, HTTP_1, 0, HTTP_1.length)) {
            throw new BadMessage(looksLikeHttp(at) ? 505 : 400, "the version is not HTTP/1.x");
        }
        minorVersion = bytes[digit] - '0';
        if (minorVersion != 0 && minorVersion != 1) {
            throw new BadMessage(505, "the version is neither HTTP/1.0 nor HTTP/1.1");
        }
        return digit + 1;
    }

    private boolean looksLikeHttp(int at) {
        int prefix = HTTP_1.length - 2;
        return at + prefix < length && Arrays.equals(bytes, at, at + prefix, HTTP_1, 0, prefix);
    }

    private void readFields(int start) throws BadMessage {
        fieldsStart = start;
        fieldCount = 0;
        connectionTokenCount = 0;
        int at = fieldsStart;
        while (bytes[at] != '\r') {
            int nameStart = at;
            while (Ascii.isToken(bytes[at])) {
                at++;
            }
            if (at == nameStart || bytes[at] != ':') {
                throw BadMessage.malformed("a field name is malformed");
            }
            int nameEnd = at++;
            while (Ascii.isBlank(bytes[at])) {
                at++;
            }
            int valueStart = at;
            at = endOfLine(at);
            int valueEnd = at;
            while (valueEnd > valueStart && Ascii.isBlank(bytes[valueEnd - 1])) {
                valueEnd--;
            }
            add(nameStart, nameEnd, valueStart, valueEnd);
            at += 2;
        }
        if (at + 2 != length) {
            throw BadMessage.malformed("the head is malformed");
        }
    }

    private int endOfLine(int start) throws BadMessage {
        int at = start;
        while (bytes[at] != '\r') {
            if (Ascii.isForbiddenInValue(bytes[at])) {
                throw BadMessage.malformed("a control character stands in the head");
            }
            at++;
        }
        if (bytes[at + 1] != '\n') {
            throw BadMessage.malformed("a carriage return stands in the head");
        }
        return at;
    }

    private void add(int nameStart, int nameEnd, int valueStart, int valueEnd) throws BadMessage {
        if (fieldCount == MAX_FIELDS) {
            throw new BadMessage(431, "more than " + MAX_FIELDS + " header fields");
        }
        if (fieldCount == fields.length) {
            fields = Arrays.copyOf(fields, 2 * fields.length);
            positions = Arrays.copyOf(positions, 2 * positions.length);
        }
        Field field = Field.of(bytes, nameStart, nameEnd);
        int base = fieldCount * POSITIONS;
        positions[base + NAME_START] = nameStart;
        positions[base + NAME_END] = nameEnd;
        positions[base + VALUE_START] = valueStart;
        positions[base + VALUE_END] = valueEnd;
        fields[fieldCount++] = field;
        if (field == Field.CONNECTION) {
            readConnectionTokens(valueStart, valueEnd);
        }
    }

    private void readConnectionTokens(int start, int end) throws BadMessage {
        int at = start;
        while (at < end) {
            int tokenStart = at;
            while (at < end && bytes[at] != ',') {
                at++;
            }
            int tokenEnd = at++;
            while (tokenStart < tokenEnd && Ascii.isBlank(bytes[tokenStart])) {
                tokenStart++;
            }
            while (tokenEnd > tokenStart && Ascii.isBlank(bytes[tokenEnd - 1])) {
                tokenEnd--;
            }
            if (tokenStart < tokenEnd) {
                if (connectionTokenCount == MAX_CONNECTION_TOKENS) {
                    throw new BadMessage(431, "more than " + MAX_CONNECTION_TOKENS + " connection tokens");
                }
                connectionTokens[2 * connectionTokenCount] = tokenStart;
                connectionTokens[2 * connectionTokenCount + 1] = tokenEnd;
                connectionTokenCount++;
            }
        }
    }
}
