package dev.flynn.images;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.function.LongConsumer;

/** A blob on its way: what has come of it stays while the rest is asked for again. Not thread-safe. */
final class PartialBlob implements AutoCloseable {

    private static final int BUFFER = 1 << 16;
    private static final long STEP = 1 << 20;

    private final Path part;
    private final Path place;
    private final Digest expected;
    private final long size;
    private final FileChannel file;
    private final MessageDigest digest = Digest.sha256();
    private long count;
    private long furthest;

    /** @param place where it is once it is whole */
    PartialBlob(Path part, Path place, Digest expected, long size) throws IOException {
        this.part = part;
        this.place = place;
        this.expected = expected;
        this.size = size;
        this.file = FileChannel.open(part, StandardOpenOption.WRITE);
    }

    /** How many bytes are here. */
    long count() {
        return count;
    }

    /** How many bytes were here at most. */
    long furthest() {
        return furthest;
    }

    /** What is asked to go on at the end of what is here, and begins at the beginning, begins there. */
    void restart() throws IOException {
        file.truncate(0);
        digest.reset();
        count = 0;
    }

    /**
     * Adds everything that comes, which has to be the rest.
     *
     * @param progress is told the count about once per megabyte
     * @param room is asked as often whether the disk has any
     * @throws TruncatedBlobException if it ends early
     */
    void append(InputStream rest, LongConsumer progress, Room room) throws IOException {
        byte[] buffer = new byte[BUFFER];
        long said = count;
        for (int read = rest.read(buffer); read >= 0; read = rest.read(buffer)) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted while an image was fetched");
            }
            if (count + read > size) {
                throw new IOException(
                        "the blob %s has more than the %d bytes that there may be".formatted(expected, size));
            }
            write(ByteBuffer.wrap(buffer, 0, read));
            digest.update(buffer, 0, read);
            count += read;
            furthest = Math.max(furthest, count);
            if (count - said >= STEP) {
                said = count;
                progress.accept(count);
                room.require();
            }
        }
        if (count < size) {
            throw new TruncatedBlobException(
                    "the blob %s is truncated: %d of %d bytes came".formatted(expected, count, size));
        }
    }

    private void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
    }

    /** Verifies it and brings it to its place. */
    void publish() throws IOException {
        Digest.from(digest).require(expected, "the blob");
        file.force(true);
        Files.move(part, place, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() throws IOException {
        try (file) {
            Files.deleteIfExists(part);
        }
    }

    /** Whether there is more. */
    @FunctionalInterface
    interface Room {

        void require() throws IOException;
    }
}
