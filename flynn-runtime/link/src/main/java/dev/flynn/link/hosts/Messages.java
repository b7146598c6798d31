package dev.flynn.link.hosts;

import dev.flynn.api.error.FlynnException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.BiConsumer;

/**
 * Messages on a stream of bytes: a kind, four bytes of length, the content. A stream cuts bytes as it likes; this puts them
 * together again.
 */
final class Messages {

    // from who attaches
    static final byte STDIN = 1;
    static final byte CLOSE_STDIN = 2;
    static final byte RESIZE = 3;

    // from the job's host
    static final byte ATTACHED = 10;
    static final byte OUTPUT = 11;
    static final byte EXIT = 12;
    static final byte ERROR = 13;
    static final byte STDIN_FAILED = 14;
    /** The host knows of the attachment: a job that becomes wanted now waits for it. */
    static final byte TAKEN = 15;

    /** Larger contents are sent in parts. */
    static final int PART_BYTES = 64 << 10;

    private static final int HEAD_BYTES = 5;
    private static final int MAX_BYTES = 1 << 20;

    private final BiConsumer<Byte, ByteBuffer> consumer;
    private final ByteArrayOutputStream pending = new ByteArrayOutputStream();

    /** @param consumer of kind and content */
    Messages(BiConsumer<Byte, ByteBuffer> consumer) {
        this.consumer = consumer;
    }

    static byte[] message(byte kind, byte[] content) {
        return ByteBuffer.allocate(HEAD_BYTES + content.length)
                .put(kind)
                .putInt(content.length)
                .put(content)
                .array();
    }

    /** @throws FlynnException {@code VALIDATION} if that is no message */
    void accept(byte[] bytes) {
        pending.writeBytes(bytes);
        byte[] all = pending.toByteArray();
        int position = 0;
        while (all.length - position >= HEAD_BYTES) {
            int length = ByteBuffer.wrap(all, position + 1, Integer.BYTES).getInt();
            if (length < 0 || length > MAX_BYTES) {
                throw FlynnException.invalid(
                        "a message of " + Integer.toUnsignedString(length) + " bytes on an attachment");
            }
            if (all.length - position - HEAD_BYTES < length) {
                break;
            }
            consumer.accept(
                    all[position],
                    ByteBuffer.wrap(all, position + HEAD_BYTES, length).slice());
            position += HEAD_BYTES + length;
        }
        if (position > 0) {
            pending.reset();
            pending.writeBytes(Arrays.copyOfRange(all, position, all.length));
        }
    }

    static byte[] bytes(ByteBuffer content) {
        byte[] bytes = new byte[content.remaining()];
        content.get(bytes);
        return bytes;
    }
}
