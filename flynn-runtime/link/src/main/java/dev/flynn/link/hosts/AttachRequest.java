package dev.flynn.link.hosts;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** What a host is told that is to attach somebody to one of its jobs. */
record AttachRequest(JobId job, boolean stdin, Optional<TerminalSize> size) {

    static final String SERVICE = "jobs";
    static final String ATTACH = "attach";
    static final String SIGNAL = "signal";

    private static final int FIXED_BYTES = 1 + 2 * Short.BYTES;

    byte[] toBytes() {
        byte[] id = job.value().getBytes(UTF_8);
        return ByteBuffer.allocate(FIXED_BYTES + id.length)
                .put((byte) (stdin ? 1 : 0))
                .putShort((short) size.map(TerminalSize::columns).orElse(0).intValue())
                .putShort((short) size.map(TerminalSize::lines).orElse(0).intValue())
                .put(id)
                .array();
    }

    static AttachRequest of(byte[] bytes) {
        try {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            boolean stdin = buffer.get() == 1;
            Optional<TerminalSize> size = size(buffer);
            return new AttachRequest(new JobId(UTF_8.decode(buffer).toString()), stdin, size);
        } catch (BufferUnderflowException e) {
            throw FlynnException.invalid("a request to attach is cut short");
        }
    }

    static byte[] toBytes(TerminalSize size) {
        return ByteBuffer.allocate(2 * Short.BYTES)
                .putShort((short) size.columns())
                .putShort((short) size.lines())
                .array();
    }

    /** Empty if it is 0. */
    static Optional<TerminalSize> size(ByteBuffer buffer) {
        int columns = Short.toUnsignedInt(buffer.getShort());
        int lines = Short.toUnsignedInt(buffer.getShort());
        return columns == 0 ? Optional.empty() : Optional.of(new TerminalSize(columns, lines));
    }
}
