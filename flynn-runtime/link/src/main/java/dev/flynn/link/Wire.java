package dev.flynn.link;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;

/**
 * What is on the wire, inside TLS.
 *
 * <p>First the one that dialled says {@code FLYN}, the version, its role, and what {@link Hello} holds, and the other answers
 * with {@code FLYN}, its version, 0 and its own hello, or 1, a code and a message. These parts stay as they are in every
 * version. Then come frames: four bytes of length, one of type, four of a call's or stream's number, and what the type needs.
 */
final class Wire {

    static final int MAGIC = 0x464c594e;
    static final byte VERSION = 1;

    static final byte ACCEPTED = 0;
    static final byte REFUSED = 1;

    static final int MAX_HELLO_BYTES = 1024;

    /** Of a frame's type and number, which its length includes. */
    static final int HEAD_BYTES = 5;

    /** What a frame may have beyond its message: head, names, time-out. */
    static final int OVERHEAD_BYTES = 1024;

    static final byte CALL = 1;
    static final byte ANSWER = 2;
    static final byte FAILURE = 3;
    static final byte CANCEL = 4;
    static final byte OPEN = 5;
    static final byte DATA = 6;
    static final byte WINDOW = 7;
    static final byte END = 8;
    static final byte RESET = 9;
    static final byte PING = 10;
    static final byte PONG = 11;

    private static final int MAX_MESSAGE_CHARS = 2000;

    private Wire() {}

    /** Who dials, and what for. */
    enum Role {
        /** A host, for calls and streams in both directions. */
        PEER,
        /** A program on a host, that calls only. */
        CLIENT,
        /** A host that does not belong to the cluster yet. */
        STRANGER;

        static Role of(int number) throws ProtocolException {
            if (number < 0 || number >= values().length) {
                throw new ProtocolException("no role has the number " + number);
            }
            return values()[number];
        }
    }

    /**
     * How two hosts greet each other.
     *
     * @param instance of the program, new at each start
     * @param host that is greeted; empty if any will do
     * @param address where the one that greets is reached
     */
    record Hello(long instance, String host, String address) {

        void write(ByteBuf out) {
            out.writeLong(instance);
            writeText(out, host);
            writeText(out, address);
        }

        static Hello read(ByteBuf in) throws ProtocolException {
            if (in.readableBytes() < Long.BYTES) {
                throw new ProtocolException("a greeting is too short");
            }
            return new Hello(in.readLong(), readText(in), readText(in));
        }
    }

    /** At most 255 bytes. */
    static void writeText(ByteBuf out, String text) {
        int length = ByteBufUtil.utf8Bytes(text);
        if (length > 255) {
            throw FlynnException.invalid("a name on a link has at most 255 bytes");
        }
        out.writeByte(length);
        ByteBufUtil.writeUtf8(out, text);
    }

    static String readText(ByteBuf in) throws ProtocolException {
        int length = in.isReadable() ? in.readUnsignedByte() : Integer.MAX_VALUE;
        if (in.readableBytes() < length) {
            throw new ProtocolException("a text is longer than its frame");
        }
        return in.readString(length, StandardCharsets.UTF_8);
    }

    static void writeFailure(ByteBuf out, FlynnException failure) {
        String message = failure.getMessage();
        writeText(out, failure.code().wireName());
        out.writeCharSequence(
                message.substring(0, Math.min(MAX_MESSAGE_CHARS, message.length())), StandardCharsets.UTF_8);
    }

    static FlynnException readFailure(ByteBuf in) throws ProtocolException {
        ErrorCode code = ErrorCode.ofWireName(readText(in));
        return new FlynnException(code, in.readString(in.readableBytes(), StandardCharsets.UTF_8));
    }

    /** A peer said what no peer says; its connection ends. */
    static final class ProtocolException extends Exception {

        private static final long serialVersionUID = 1L;

        ProtocolException(String message) {
            super(message);
        }
    }
}
