package dev.flynn.dns;

import java.nio.ByteBuffer;

/** What becomes of one packet: an answer now, an answer by others later, or none. */
final class Answers {

    /** What to do with a packet. */
    enum Outcome {
        /** The answer is written. */
        ANSWERED,
        /** Others have to be asked. */
        FORWARD,
        /** It deserves no answer. */
        DROPPED
    }

    private final Zone zone;
    private final LoopProbe loops;
    private final boolean recursion;

    /** @param recursion whether there is anybody who can be asked about other names */
    Answers(Zone zone, LoopProbe loops, boolean recursion) {
        this.zone = zone;
        this.loops = loops;
        this.recursion = recursion;
    }

    /** Answers a packet into a buffer, which then is ready to be sent. */
    Outcome answer(ByteBuffer packet, ByteBuffer out, boolean tcp) {
        if (packet.limit() < Wire.HEADER_BYTES || (packet.getShort(2) & Wire.FLAG_RESPONSE) != 0) {
            return Outcome.DROPPED;
        }
        Query query;
        try {
            query = Query.read(packet);
        } catch (Query.Malformed malformed) {
            headerOnly(packet, out, Wire.FORMAT_ERROR);
            return Outcome.ANSWERED;
        }
        int code = refusal(query);
        if (code == Wire.NO_ERROR && !Zone.contains(query)) {
            if (recursion && !loops.isOwn(query)) {
                return Outcome.FORWARD;
            }
            code = recursion ? Wire.REFUSED : Wire.SERVER_FAILURE;
        }
        Reply reply = reply(query, packet, out, tcp);
        reply.code(code);
        if (code == Wire.NO_ERROR) {
            zone.answer(query, reply, tcp);
        }
        reply.finish();
        return Outcome.ANSWERED;
    }

    /** What is said of a query that was to be forwarded when nobody could be asked. */
    void fail(ByteBuffer packet, ByteBuffer out, boolean tcp) {
        try {
            Reply reply = reply(Query.read(packet), packet, out, tcp);
            reply.code(Wire.SERVER_FAILURE);
            reply.finish();
        } catch (Query.Malformed neverForwarded) {
            headerOnly(packet, out, Wire.SERVER_FAILURE);
        }
    }

    private static int refusal(Query query) {
        if (query.opcode() != 0) {
            return Wire.NOT_IMPLEMENTED;
        }
        if (query.ednsVersion() != 0) {
            return Wire.BAD_VERSION;
        }
        boolean internet = query.dnsClass() == Wire.CLASS_IN || query.dnsClass() == Wire.CLASS_ANY;
        return internet ? Wire.NO_ERROR : Wire.REFUSED;
    }

    private Reply reply(Query query, ByteBuffer packet, ByteBuffer out, boolean tcp) {
        int udp = Math.max(Wire.UDP_BYTES, Math.min(query.ednsBytes(), Wire.EDNS_BYTES));
        int flags =
                (Zone.contains(query) ? Wire.FLAG_AUTHORITATIVE : 0) | (recursion ? Wire.FLAG_RECURSION_AVAILABLE : 0);
        return new Reply(out, packet, query, flags, tcp ? Wire.MAX_MESSAGE_BYTES : udp);
    }

    private static void headerOnly(ByteBuffer packet, ByteBuffer out, int code) {
        int flags = Wire.FLAG_RESPONSE | packet.getShort(2) & (Wire.OPCODE_MASK | Wire.FLAG_RECURSION_DESIRED) | code;
        out.clear();
        out.putShort(packet.getShort(0)).putShort((short) flags).putLong(0);
        out.flip();
    }
}
