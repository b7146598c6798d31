package dev.flynn.dns;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Writes one answer: header, the question as it was asked, then records. A record that does not fit is left out, and the answer
 * says that it was cut off. Records come in the order of the sections: answers, then authority, then additional ones.
 */
final class Reply {

    private static final int QUESTION_NAME = Wire.POINTER << 8 | Wire.HEADER_BYTES;
    private static final int OPT_BYTES = 11;

    /** How far a pointer reaches. */
    private static final int POINTER_LIMIT = 0x4000;

    private final ByteBuffer out;
    private final Query query;
    private final int limit;
    private int flags;
    private int code;
    private int answers;
    private int authorities;
    private int additionals;

    /**
     * @param packet the query's, whose question is repeated
     * @param flags beside those that every answer has
     * @param maxBytes what whoever asked can take
     */
    Reply(ByteBuffer out, ByteBuffer packet, Query query, int flags, int maxBytes) {
        this.out = out;
        this.query = query;
        this.flags = Wire.FLAG_RESPONSE | flags | query.flags() & (Wire.OPCODE_MASK | Wire.FLAG_RECURSION_DESIRED);
        this.limit = maxBytes - (query.hasEdns() ? OPT_BYTES : 0);
        out.clear();
        out.position(Wire.HEADER_BYTES);
        out.put(Wire.HEADER_BYTES, packet, Wire.HEADER_BYTES, query.questionEnd() - Wire.HEADER_BYTES);
        out.position(query.questionEnd());
    }

    int answers() {
        return answers;
    }

    void code(int value) {
        code = value;
    }

    /** Adds the address of the name that was asked for. */
    void answerAddress(byte[] address) {
        if (fits(12 + address.length)) {
            address(QUESTION_NAME, address);
            answers++;
        } else {
            flags |= Wire.FLAG_TRUNCATED;
        }
    }

    /**
     * Adds where a service is.
     *
     * @param target its labels and the final zero
     * @return where the target is written, for {@link #additionalAddress}; 0 if it did not fit
     */
    int answerService(int port, byte[] target) {
        if (!fits(12 + 6 + target.length)) {
            flags |= Wire.FLAG_TRUNCATED;
            return 0;
        }
        record(QUESTION_NAME, Wire.TYPE_SRV, 6 + target.length);
        out.putShort((short) 1).putShort((short) 1).putShort((short) port);
        int at = out.position();
        out.put(target);
        answers++;
        return at;
    }

    /** Adds the address of a target, if there is room. */
    void additionalAddress(int target, byte[] address) {
        if (target > 0 && target < POINTER_LIMIT && fits(12 + address.length)) {
            address(Wire.POINTER << 8 | target, address);
            additionals++;
        }
    }

    private void address(int name, byte[] address) {
        record(name, address.length == 4 ? Wire.TYPE_A : Wire.TYPE_AAAA, address.length);
        out.put(address);
    }

    /** Adds the record of the zone, as an answer. */
    void answerZone(long serial) {
        if (zone(serial)) {
            answers++;
        }
    }

    /** Adds the record of the zone, which says that there is no answer. */
    void authorityZone(long serial) {
        if (zone(serial)) {
            authorities++;
        }
    }

    private boolean zone(long serial) {
        int origin = Wire.POINTER << 8 | query.lastLabel();
        byte[] server = "ns".getBytes(StandardCharsets.US_ASCII);
        byte[] mailbox = "postmaster".getBytes(StandardCharsets.US_ASCII);
        int length = 1 + server.length + 2 + 1 + mailbox.length + 2 + 5 * 4;
        if (!fits(12 + length)) {
            return false;
        }
        record(origin, Wire.TYPE_SOA, length);
        out.put((byte) server.length).put(server).putShort((short) origin);
        out.put((byte) mailbox.length).put(mailbox).putShort((short) origin);
        out.putInt((int) serial).putInt(3600).putInt(600).putInt(86_400).putInt(0);
        return true;
    }

    private boolean fits(int bytes) {
        return out.position() + bytes <= limit;
    }

    private void record(int name, int type, int length) {
        out.putShort((short) name)
                .putShort((short) type)
                .putShort((short) Wire.CLASS_IN)
                .putInt(0)
                .putShort((short) length);
    }

    /** The whole answer, from 0 to the limit. */
    ByteBuffer finish() {
        if (query.hasEdns()) {
            out.put((byte) 0)
                    .putShort((short) Wire.TYPE_OPT)
                    .putShort((short) Wire.EDNS_BYTES)
                    .putInt((code >> 4) << 24)
                    .putShort((short) 0);
            additionals++;
        }
        out.putShort(0, (short) query.id());
        out.putShort(2, (short) (flags | code & 0xF));
        out.putShort(4, (short) 1);
        out.putShort(6, (short) answers);
        out.putShort(8, (short) authorities);
        out.putShort(10, (short) additionals);
        return out.flip();
    }
}
