package dev.flynn.base;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;

/**
 * The few forms of DER (ITU-T X.690) that a certificate is made of.
 *
 * <p>A library could do this. Those that can are in signed jars, whose classes cannot be kept in the JVM's class-data archive:
 * they would take half a second of every first start.
 */
final class Der {

    private static final DateTimeFormatter UTC_TIME =
            DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter GENERALIZED_TIME =
            DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);

    /** From then on RFC 5280 wants the longer form. */
    private static final Instant LAST_UTC_TIME = Instant.parse("2050-01-01T00:00:00Z");

    private Der() {}

    static byte[] sequence(byte[]... items) {
        return element(0x30, items);
    }

    static byte[] set(byte[]... items) {
        return element(0x31, items);
    }

    /** A context-specific tag around complete elements. */
    static byte[] explicit(int number, byte[]... items) {
        return element(0xa0 | number, items);
    }

    /** A context-specific tag in place of the usual one of a primitive element. */
    static byte[] implicit(int number, byte[] content) {
        return element(0x80 | number, content);
    }

    static byte[] integer(BigInteger value) {
        return element(0x02, value.toByteArray());
    }

    static byte[] yes() {
        return element(0x01, new byte[] {(byte) 0xff});
    }

    static byte[] none() {
        return element(0x05);
    }

    static byte[] octets(byte[] value) {
        return element(0x04, value);
    }

    /** @param unused how many of the last bits do not count */
    static byte[] bits(byte[] value, int unused) {
        return element(0x03, new byte[] {(byte) unused}, value);
    }

    static byte[] text(String value) {
        return element(0x0c, value.getBytes(UTF_8));
    }

    static byte[] time(Instant value) {
        return value.isBefore(LAST_UTC_TIME)
                ? element(0x17, UTC_TIME.format(value).getBytes(US_ASCII))
                : element(0x18, GENERALIZED_TIME.format(value).getBytes(US_ASCII));
    }

    /** @param dotted such as {@code 2.5.4.3} */
    static byte[] oid(String dotted) {
        String[] arcs = dotted.split("\\.");
        var content = new ByteArrayOutputStream();
        content.write(40 * Integer.parseInt(arcs[0]) + Integer.parseInt(arcs[1]));
        for (int i = 2; i < arcs.length; i++) {
            int arc = Integer.parseInt(arcs[i]);
            for (int shift = 28; shift > 0; shift -= 7) {
                if (arc >= 1 << shift) {
                    content.write(0x80 | (arc >> shift & 0x7f));
                }
            }
            content.write(arc & 0x7f);
        }
        return element(0x06, content.toByteArray());
    }

    /** The first element of a constructed one, with its own tag and length. */
    static byte[] firstOf(byte[] constructed) {
        int begin = contentOf(constructed, 0);
        int content = contentOf(constructed, begin);
        return Arrays.copyOfRange(constructed, begin, content + length(constructed, begin));
    }

    /** Where the content of the element at {@code offset} begins. */
    private static int contentOf(byte[] der, int offset) {
        int first = der[offset + 1] & 0xff;
        return offset + 2 + (first < 0x80 ? 0 : first - 0x80);
    }

    private static int length(byte[] der, int offset) {
        int first = der[offset + 1] & 0xff;
        if (first < 0x80) {
            return first;
        }
        int length = 0;
        for (int i = offset + 2; i < contentOf(der, offset); i++) {
            length = length << 8 | der[i] & 0xff;
        }
        return length;
    }

    private static byte[] element(int tag, byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        var element = new ByteArrayOutputStream(length + 6);
        element.write(tag);
        if (length < 0x80) {
            element.write(length);
        } else {
            int bytes = (39 - Integer.numberOfLeadingZeros(length)) / 8;
            element.write(0x80 | bytes);
            for (int i = bytes - 1; i >= 0; i--) {
                element.write(length >> 8 * i);
            }
        }
        for (byte[] part : parts) {
            element.writeBytes(part);
        }
        return element.toByteArray();
    }
}
