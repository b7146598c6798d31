package dev.flynn.store;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Refuses writes while the disk is nearly full, so that the log is never torn by a disk that is. */
final class DiskRoom {

    /** How long an answer counts; in that time a store writes far less than is kept free. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final Path directory;
    private final FileStore disk;
    private final long reserveBytes;
    private volatile Look last = new Look(System.nanoTime() - LOOK_NANOS, false);

    private record Look(long atNanos, boolean isEnough) {}

    /** @param reserveBytes what the store leaves free for the snapshot and the log of what it has promised already */
    DiskRoom(Path directory, long reserveBytes) throws IOException {
        this.directory = directory;
        this.disk = Files.getFileStore(directory);
        this.reserveBytes = reserveBytes;
    }

    /** As it was at most 20 ms ago: each look is a system call, and this is asked with each commit. */
    boolean isEnough() {
        Look look = last;
        long now = System.nanoTime();
        if (now - look.atNanos() >= LOOK_NANOS) {
            look = new Look(now, usableBytes() >= reserveBytes);
            last = look;
        }
        return look.isEnough();
    }

    /** @throws FlynnException {@code SERVICE_UNAVAILABLE} while there is too little */
    void require() {
        long usable = usableBytes();
        if (usable < reserveBytes) {
            throw FlynnException.unavailable(
                    "the cluster store in %s takes no changes: its disk has %d KB left and %d KB are kept free; free some space, and it goes on by itself"
                            .formatted(directory, usable >> 10, reserveBytes >> 10),
                    null);
        }
    }

    private long usableBytes() {
        try {
            return disk.getUsableSpace();
        } catch (IOException e) {
            throw FlynnException.unavailable("cannot tell the free space of " + directory, e);
        }
    }
}
