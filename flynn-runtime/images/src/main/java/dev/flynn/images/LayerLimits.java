package dev.flynn.images;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.DiskReserve;
import java.io.IOException;

/**
 * What one layer may cost.
 *
 * @param bytes once unpacked
 * @param entries files, directories and links
 * @param reserve what has to stay free on the disk
 */
record LayerLimits(long bytes, int entries, DiskReserve reserve) {

    /** How long the archive itself may be: headers and padding are part of it, and holes may be written out. */
    long archiveBytes() {
        return 2 * bytes + (64L << 20);
    }

    void requireBytes(long used) throws IOException {
        if (used > bytes) {
            throw new IOException(
                    "a layer has more than %d MB unpacked, which is the limit; raise it if you trust the image"
                            .formatted(bytes >> 20));
        }
    }

    void requireEntries(int used) throws IOException {
        if (used > entries) {
            throw new IOException("a layer has more than %d files, which is the limit; raise it if you trust the image"
                    .formatted(entries));
        }
    }

    void requireDisk() throws IOException {
        try {
            reserve.require("an image");
        } catch (FlynnException e) {
            throw new DiskFullException(e);
        }
    }
}
