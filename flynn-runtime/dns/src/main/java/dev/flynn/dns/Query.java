package dev.flynn.dns;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A question as it came in, as far as it matters here.
 *
 * @param flags of the header, as they were
 * @param labels of the name, in lower case; empty for the root
 * @param lastLabel where the last label begins in the packet
 * @param questionEnd where the packet's first byte after the question is
 * @param ednsBytes how large an answer over UDP may be; 0 without EDNS
 * @param ednsVersion of EDNS, 0 being the only one there is
 */
record Query(
        int id,
        int flags,
        List<String> labels,
        int lastLabel,
        int type,
        int dnsClass,
        int questionEnd,
        int ednsBytes,
        int ednsVersion) {

    /** The packet is no query with one question. */
    static final class Malformed extends Exception {

        private static final long serialVersionUID = 1L;

        Malformed(String problem) {
            super(problem, null, false, false);
        }
    }

    /** Reads a packet from 0 to its limit; its position is not used. */
    static Query read(ByteBuffer packet) throws Malformed {
        if (packet.limit() < Wire.HEADER_BYTES) {
            throw new Malformed("shorter than a header");
        }
        if (unsigned16(packet, 4) != 1) {
            throw new Malformed("not exactly one question");
        }
        List<String> labels = new ArrayList<>(4);
        int lastLabel = 0;
        int at = Wire.HEADER_BYTES;
        while (true) {
            int length = unsigned8(packet, at);
            if (length == 0) {
                at++;
                break;
            }
            if (length > Wire.MAX_LABEL_BYTES) {
                throw new Malformed("a compressed or unknown label in the question");
            }
            if (at + 1 + length + 1 - Wire.HEADER_BYTES > Wire.MAX_NAME_BYTES) {
                throw new Malformed("the name is too long");
            }
            if (at + 1 + length > packet.limit()) {
                throw new Malformed("a label beyond the end");
            }
            lastLabel = at;
            labels.add(label(packet, at + 1, length));
            at += 1 + length;
        }
        int type = unsigned16(packet, at);
        int dnsClass = unsigned16(packet, at + 2);
        int end = at + 4;
        // the OPT record is the first of the additional records of those who ask
        boolean mayHaveOpt = unsigned16(packet, 6) == 0 && unsigned16(packet, 8) == 0 && unsigned16(packet, 10) > 0;
        boolean hasOpt = mayHaveOpt
                && packet.limit() >= end + 11
                && packet.get(end) == 0
                && unsigned16(packet, end + 1) == Wire.TYPE_OPT;
        return new Query(
                unsigned16(packet, 0),
                unsigned16(packet, 2),
                labels,
                lastLabel,
                type,
                dnsClass,
                end,
                hasOpt ? Math.max(Wire.UDP_BYTES, unsigned16(packet, end + 3)) : 0,
                hasOpt ? unsigned8(packet, end + 6) : 0);
    }

    boolean hasEdns() {
        return ednsBytes > 0;
    }

    int opcode() {
        return flags & Wire.OPCODE_MASK;
    }

    /** The label so many places before the last, which is number 0; empty if there is none. */
    String fromEnd(int place) {
        int index = labels.size() - 1 - place;
        return index < 0 ? "" : labels.get(index);
    }

    private static String label(ByteBuffer packet, int at, int length) {
        byte[] bytes = new byte[length];
        packet.get(at, bytes);
        boolean upper = false;
        for (byte letter : bytes) {
            upper |= letter >= 'A' && letter <= 'Z';
        }
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        return upper ? text.toLowerCase(Locale.ROOT) : text;
    }

    static int unsigned16(ByteBuffer packet, int at) throws Malformed {
        if (at + 2 > packet.limit()) {
            throw new Malformed("ends too early");
        }
        return packet.getShort(at) & 0xFFFF;
    }

    private static int unsigned8(ByteBuffer packet, int at) throws Malformed {
        if (at >= packet.limit()) {
            throw new Malformed("ends too early");
        }
        return packet.get(at) & 0xFF;
    }
}
