package dev.flynn.store;

import static java.util.Objects.requireNonNull;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/** A state on disk: there as a whole or not at all, with a checksum at its end. */
final class SnapshotFile {

    private static final long MAGIC = 0x464c594e4e535430L; // "FLYNNST0"

    private SnapshotFile() {}

    /** Writes beside the file, forces it to disk, and only then gives it its name. */
    static void write(StoreImage state, Path file) throws IOException {
        Path directory = requireNonNull(file.toAbsolutePath().getParent(), "directory");
        Path temporary = directory.resolve(file.getFileName() + ".tmp");
        try {
            try (FileChannel channel = FileChannel.open(
                    temporary,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                writeTo(Channels.newOutputStream(channel), state);
                channel.force(true);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            forceDirectory(directory);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static void writeTo(OutputStream stream, StoreImage state) throws IOException {
        var checksum = new CRC32C();
        var out = new DataOutputStream(new BufferedOutputStream(new CheckedOutputStream(stream, checksum), 1 << 16));
        out.writeLong(MAGIC);
        StoreCodec.writeState(state, out);
        out.flush(); // the checksum is that of what left the buffer
        out.writeLong(checksum.getValue());
        out.flush();
    }

    /** @throws IOException naming the file if it is not what {@link #write} wrote */
    static StoreState read(Path file, StoreLimits limits) throws IOException {
        var checksum = new CRC32C();
        try (var in = new DataInputStream(
                new CheckedInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16), checksum))) {
            if (in.readLong() != MAGIC) {
                throw new IOException("it is not a snapshot of a cluster store");
            }
            StoreState state = StoreCodec.readState(in, limits);
            long calculated = checksum.getValue();
            if (in.readLong() != calculated) {
                throw new IOException("its checksum is wrong");
            }
            return state;
        } catch (IOException | RuntimeException e) {
            throw new IOException("snapshot " + file + " is damaged: " + e.getMessage(), e);
        }
    }

    /** @throws IOException naming the file if its bytes are not those that were written */
    static void check(Path file) throws IOException {
        long size = Files.size(file);
        var checksum = new CRC32C();
        try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16))) {
            byte[] piece = new byte[1 << 16];
            for (long left = size - Long.BYTES; left > 0; ) {
                int length = (int) Math.min(left, piece.length);
                in.readFully(piece, 0, length);
                checksum.update(piece, 0, length);
                left -= length;
            }
            if (size < Long.BYTES || in.readLong() != checksum.getValue()) {
                throw new IOException("snapshot " + file + " is damaged: its checksum is wrong");
            }
        }
    }

    /** Makes a new name in a directory survive the loss of power. */
    static void forceDirectory(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
