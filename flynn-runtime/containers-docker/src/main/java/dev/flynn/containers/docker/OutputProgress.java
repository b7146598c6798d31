package dev.flynn.containers.docker;

import dev.flynn.api.host.OutputStreamKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumMap;
import java.util.Map;

/**
 * How much of each stream was delivered, and the last of it: enough to go on from there in the engine's log. Kept in a file
 * that a killed process leaves as it was after its last delivery. Not thread-safe.
 */
final class OutputProgress implements AutoCloseable {

    /** Where a stream is: so many bytes were delivered, and these were the last of them. */
    record Position(long count, byte[] tail) {

        static final int TAIL = 256;
        static final Position START = new Position(0, new byte[0]);

        Position after(byte[] bytes) {
            byte[] last;
            if (bytes.length >= TAIL) {
                last = java.util.Arrays.copyOfRange(bytes, bytes.length - TAIL, bytes.length);
            } else {
                int kept = Math.min(tail.length, TAIL - bytes.length);
                last = new byte[kept + bytes.length];
                System.arraycopy(tail, tail.length - kept, last, 0, kept);
                System.arraycopy(bytes, 0, last, kept, bytes.length);
            }
            return new Position(count + bytes.length, last);
        }
    }

    private static final int RECORD = Long.BYTES + Integer.BYTES + Position.TAIL;

    private final FileChannel file;
    private final Map<OutputStreamKind, Position> positions = new EnumMap<>(OutputStreamKind.class);

    private OutputProgress(FileChannel file) {
        this.file = file;
    }

    static OutputProgress open(Path path) throws IOException {
        ByteBuffer kept = Files.exists(path) ? ByteBuffer.wrap(Files.readAllBytes(path)) : ByteBuffer.allocate(0);
        var progress = new OutputProgress(FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE));
        for (OutputStreamKind kind : OutputStreamKind.values()) {
            progress.positions.put(kind, kept.remaining() >= RECORD ? read(kept) : Position.START);
        }
        return progress;
    }

    private static Position read(ByteBuffer kept) {
        long count = kept.getLong();
        int length = Math.min(Math.max(0, kept.getInt()), Position.TAIL);
        byte[] area = new byte[Position.TAIL];
        kept.get(area);
        return new Position(count, java.util.Arrays.copyOf(area, length));
    }

    Position of(OutputStreamKind kind) {
        return positions.getOrDefault(kind, Position.START);
    }

    void delivered(OutputStreamKind kind, byte[] bytes) throws IOException {
        Position next = of(kind).after(bytes);
        positions.put(kind, next);
        ByteBuffer written = ByteBuffer.allocate(RECORD);
        written.putLong(next.count())
                .putInt(next.tail().length)
                .put(next.tail())
                .rewind();
        file.write(written, (long) kind.ordinal() * RECORD);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
