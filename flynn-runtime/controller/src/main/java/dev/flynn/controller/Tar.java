package dev.flynn.controller;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** Writes an archive of plain files in the format of POSIX.1-1988 (ustar), all of them below one directory. */
final class Tar {

    private static final int BLOCK = 512;
    private static final int MAX_NAME = 100;
    private static final int CHECKSUM = 148;

    private final OutputStream out;
    private final String directory;
    private final Instant time;

    Tar(OutputStream out, String directory, Instant time) {
        this.out = out;
        this.directory = directory;
        this.time = time;
    }

    /** @param size of the content, in bytes; at most 8 GiB */
    void add(String name, long size, InputStream content) throws IOException {
        out.write(header(name, size));
        long written = content.transferTo(out);
        if (written != size) {
            throw new IOException("%s has %d bytes and not %d".formatted(name, written, size));
        }
        out.write(new byte[(int) ((BLOCK - size % BLOCK) % BLOCK)]);
    }

    void end() throws IOException {
        out.write(new byte[2 * BLOCK]);
        out.flush();
    }

    private byte[] header(String name, long size) {
        byte[] header = new byte[BLOCK];
        if (name.length() > MAX_NAME) {
            throw new IllegalArgumentException(name + " is too long for an archive");
        }
        String path = directory + "/" + name;
        boolean fits = path.length() <= MAX_NAME; // the second field is not known to every reader
        put(header, 0, fits ? path : name);
        put(header, 100, "0000644\0");
        put(header, 108, "0000000\0");
        put(header, 116, "0000000\0");
        put(header, 124, "%011o\0".formatted(size));
        put(header, 136, "%011o\0".formatted(time.getEpochSecond()));
        put(header, CHECKSUM, "        ");
        put(header, 156, "0");
        put(header, 257, "ustar\00000");
        put(header, 345, fits ? "" : directory);
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xff;
        }
        put(header, CHECKSUM, "%06o\0 ".formatted(sum));
        return header;
    }

    private static void put(byte[] header, int offset, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, header, offset, bytes.length);
    }
}
