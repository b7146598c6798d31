package dev.flynn.store;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/** Refuses writes while the disk is nearly full, so that the log is never torn by a disk that is. */
final class DiskRoom {

    private final Path directory;
    private final FileStore disk;
    private final long reserveBytes;

    /** @param reserveBytes what the store leaves free for the snapshot and the log of what it has promised already */
    DiskRoom(Path directory, long reserveBytes) throws IOException {
        this.directory = directory;
        this.disk = Files.getFileStore(directory);
        this.reserveBytes = reserveBytes;
    }

    boolean isEnough() {
        return usableBytes() >= reserveBytes;
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
