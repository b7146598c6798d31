package dev.flynn.router.message;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The fields behind a body (RFC 9110, section 6.5). Those that decide about framing, routing or the connection are left out,
 * because they come too late for that.
 */
public record Trailers(List<Line> lines) {

    public static final Trailers NONE = new Trailers(List.of());

    private static final int MAX_FIELDS = 64;
    private static final byte[] COLON = Ascii.bytes(": ");
    private static final byte[] CRLF = Ascii.bytes("\r\n");

    /** A field; the name in lower case. */
    record Line(byte[] name, byte[] value) {}

    public Trailers {
        lines = List.copyOf(lines);
    }

    public boolean isEmpty() {
        return lines.isEmpty();
    }

    void write(ByteBuf out) {
        for (Line line : lines) {
            out.writeBytes(line.name())
                    .writeBytes(COLON)
                    .writeBytes(line.value())
                    .writeBytes(CRLF);
        }
    }

    /** Collects what arrives line by line. */
    static final class Collector {

        private final List<Line> lines = new ArrayList<>();

        /** Takes one line of HTTP/1.1, without its end. */
        void addLine(byte[] line, int length) throws BadMessage {
            int colon = 0;
            while (colon < length && Ascii.isToken(line[colon])) {
                colon++;
            }
            if (colon == 0 || colon == length || line[colon] != ':') {
                throw BadMessage.malformed("a trailer is malformed");
            }
            int start = colon + 1;
            int end = length;
            while (start < end && Ascii.isBlank(line[start])) {
                start++;
            }
            while (end > start && Ascii.isBlank(line[end - 1])) {
                end--;
            }
            add(line, colon, Arrays.copyOfRange(line, start, end));
        }

        void add(CharSequence name, CharSequence value) throws BadMessage {
            byte[] nameBytes = Ascii.bytes(name.toString());
            byte[] valueBytes = value.toString().getBytes(StandardCharsets.ISO_8859_1);
            for (byte b : nameBytes) {
                if (!Ascii.isToken(b)) {
                    throw BadMessage.malformed("a trailer is malformed");
                }
            }
            for (byte b : valueBytes) {
                if (Ascii.isForbiddenInValue(b)) {
                    throw BadMessage.malformed("a control character stands in a trailer");
                }
            }
            add(nameBytes, nameBytes.length, valueBytes);
        }

        Trailers toTrailers() {
            return lines.isEmpty() ? NONE : new Trailers(lines);
        }

        private void add(byte[] name, int nameLength, byte[] value) throws BadMessage {
            if (lines.size() == MAX_FIELDS) {
                throw new BadMessage(431, "more than " + MAX_FIELDS + " trailers");
            }
            boolean passes = switch (Field.of(name, 0, nameLength)) {
                case OTHER -> true;
                default -> false;
            };
            if (passes && !Http2Heads.isHopField(name, nameLength)) {
                lines.add(new Line(Ascii.lowerCase(name, nameLength), value));
            }
        }
    }
}
