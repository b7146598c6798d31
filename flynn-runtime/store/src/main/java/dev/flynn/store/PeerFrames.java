package dev.flynn.store;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * The bytes around what peers say to each other. A request begins with its format, the cluster, and which start of which
 * peer sends it; an answer with whether it is one.
 */
final class PeerFrames {

    /** The format that this version speaks; a peer with another is refused by name. */
    static final byte FORMAT = 1;

    private static final byte DONE = 0;
    private static final byte ERROR = 1;
    private static final byte REFUSAL = 2;

    private PeerFrames() {}

    /**
     * Who sends a request.
     *
     * @param instance a random number of this start of the peer
     */
    record Sender(UUID cluster, String peer, long instance) {}

    /** A buffer with the head of a request and room for the rest. */
    static ByteBuffer request(Sender sender, int size) {
        byte[] peer = sender.peer().getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(1 + 16 + 8 + 2 + peer.length + size)
                .put(FORMAT)
                .putLong(sender.cluster().getMostSignificantBits())
                .putLong(sender.cluster().getLeastSignificantBits())
                .putLong(sender.instance())
                .putShort((short) peer.length)
                .put(peer);
    }

    /**
     * Reads the head of a request and leaves the rest.
     *
     * @throws FlynnException {@code VALIDATION} if it is of another format
     */
    static Sender readSender(String caller, String self, ByteBuffer request) {
        try {
            byte format = request.get();
            if (format != FORMAT) {
                throw FlynnException.invalid(
                        "peer \"%s\" speaks format %d of the cluster store, peer \"%s\" only format %d: bring both to the same version"
                                .formatted(caller, format, self, FORMAT));
            }
            UUID cluster = new UUID(request.getLong(), request.getLong());
            long instance = request.getLong();
            byte[] peer = new byte[request.getShort()];
            request.get(peer);
            return new Sender(cluster, new String(peer, StandardCharsets.UTF_8), instance);
        } catch (BufferUnderflowException | NegativeArraySizeException e) {
            throw FlynnException.invalid("peer \"%s\" sent a request that is none".formatted(caller));
        }
    }

    /** A buffer with the head of an answer and room for the rest. */
    static ByteBuffer answer(int size) {
        return ByteBuffer.allocate(1 + size).put(DONE);
    }

    static ByteBuffer answer(Throwable failure) {
        if (failure instanceof FlynnException error) {
            byte[] message = error.getMessage().getBytes(StandardCharsets.UTF_8);
            byte[] code = error.code().wireName().getBytes(StandardCharsets.UTF_8);
            return ByteBuffer.allocate(2 + code.length + message.length)
                    .put(ERROR)
                    .put((byte) code.length)
                    .put(code)
                    .put(message)
                    .flip();
        }
        PeerRefusal.Kind kind = failure instanceof PeerRefusal refusal ? refusal.kind() : PeerRefusal.Kind.FAILED;
        String detail = failure instanceof PeerRefusal told ? told.detail() : failure.toString();
        byte[] text = detail.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(2 + text.length)
                .put(REFUSAL)
                .put((byte) kind.ordinal())
                .put(text)
                .flip();
    }

    /**
     * What an answer says beyond its head.
     *
     * @throws FlynnException if the peer answered with that
     * @throws IOException if the peer did not do it
     */
    static ByteBuffer read(ByteBuffer answer) throws IOException {
        try {
            byte kind = answer.get();
            switch (kind) {
                case DONE -> {
                    return answer;
                }
                case ERROR -> {
                    byte[] code = new byte[answer.get()];
                    answer.get(code);
                    throw new FlynnException(
                            ErrorCode.ofWireName(new String(code, StandardCharsets.UTF_8)), rest(answer));
                }
                case REFUSAL -> {
                    int which = answer.get();
                    PeerRefusal.Kind[] kinds = PeerRefusal.Kind.values();
                    throw new PeerRefusal(
                            which >= 0 && which < kinds.length ? kinds[which] : PeerRefusal.Kind.FAILED, rest(answer));
                }
                default -> throw new IOException("an answer of unknown kind " + kind);
            }
        } catch (BufferUnderflowException | NegativeArraySizeException e) {
            throw new IOException("an answer that is none", e);
        }
    }

    static String rest(ByteBuffer buffer) {
        return StandardCharsets.UTF_8.decode(buffer).toString();
    }
}
