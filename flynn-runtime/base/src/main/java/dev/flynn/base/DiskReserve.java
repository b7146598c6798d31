package dev.flynn.base;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Keeps a part of the disk for the platform itself, so that a full disk refuses new work and never stops what runs.
 *
 * @param directory on the file system that is watched
 * @param reserveBytes what must stay usable
 */
public record DiskReserve(Path directory, long reserveBytes) {

    public static final long DEFAULT_BYTES = 512L << 20;

    /** Environment variable that overrides the default, in bytes. */
    public static final String VARIABLE = "DISK_RESERVE_BYTES";

    /** Never refuses anything. */
    public static DiskReserve none() {
        return new DiskReserve(Path.of(""), 0);
    }

    /** @throws FlynnException {@code NO_CAPACITY} if the reserve is touched already */
    public void require(String what) {
        require(what, 0);
    }

    /**
     * @param bytes that are about to be written
     * @throws FlynnException {@code NO_CAPACITY} if they would touch the reserve
     */
    public void require(String what, long bytes) {
        if (reserveBytes + bytes == 0) {
            return; // there is always as much as nothing
        }
        long usable = usableBytes();
        if (usable - bytes < reserveBytes) {
            throw new FlynnException(
                    ErrorCode.NO_CAPACITY,
                    "%s refused: %s has %d MB left and %d MB are reserved for the platform; free some space and try again"
                            .formatted(what, directory, usable >> 20, reserveBytes >> 20));
        }
    }

    /** Whether there is more left than the reserve. */
    public boolean isUntouched() {
        return reserveBytes == 0 || usableBytes() >= reserveBytes;
    }

    private long usableBytes() {
        // a file store reads the table of mounts each time; this is one system call, which says 0 if it failed
        long usable = directory.toFile().getUsableSpace();
        if (usable > 0) {
            return usable;
        }
        try {
            return Files.getFileStore(directory).getUsableSpace();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot tell the free space of " + directory, e);
        }
    }
}
