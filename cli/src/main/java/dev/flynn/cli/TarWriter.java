package dev.flynn.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** Writes an archive of plain files in the format of POSIX.1-1988 (ustar), all of them in one directory. */
final class TarWriter {

    static final int BLOCK = 512;
    static final int CHECKSUM = 148;
    static final int CHECKSUM_END = 156;
    static final int SIZE = 124;

    /** What eleven octal digits hold; a greater size is written as GNU tar does, in binary. */
    private static final long MAX_OCTAL = 0x1FFFFFFFFL;

    private final OutputStream out;
    private final String directory;
    private final Instant time;

    /** @param directory at most 155 bytes */
    TarWriter(OutputStream out, String directory, Instant time) {
        this.out = out;
        this.directory = directory;
        this.time = time;
    }

    void add(String name, byte[] content) throws IOException {
        out.write(header(name, content.length));
        out.write(content);
        pad(content.length);
    }

    /** @param size of the content, in bytes */
    void add(String name, long size, InputStream content) throws IOException {
        out.write(header(name, size));
        long written = content.transferTo(out);
        if (written != size) {
            throw new IOException("%s has %d bytes and not %d".formatted(name, written, size));
        }
        pad(size);
    }

    void end() throws IOException {
        out.write(new byte[2 * BLOCK]);
        out.flush();
    }

    private void pad(long size) throws IOException {
        out.write(new byte[(int) ((BLOCK - size % BLOCK) % BLOCK)]);
    }

    private byte[] header(String name, long size) {
        byte[] header = new byte[BLOCK];
        put(header, 0, name);
        put(header, 100, "0000644\0");
        put(header, 108, "0000000\0");
        put(header, 116, "0000000\0");
        putSize(header, size);
        put(header, 136, "%011o\0".formatted(time.getEpochSecond()));
        put(header, CHECKSUM, "        ");
        put(header, CHECKSUM_END, "0");
        put(header, 257, "ustar\00000");
        put(header, 345, directory);
        put(header, CHECKSUM, "%06o\0 ".formatted(sum(header)));
        return header;
    }

    private static void putSize(byte[] header, long size) {
        if (size <= MAX_OCTAL) {
            put(header, SIZE, "%011o\0".formatted(size));
        } else {
            ByteBuffer.wrap(header).put(SIZE, (byte) 0x80).putLong(SIZE + 4, size);
        }
    }

    /** Of all bytes, where those of the sum itself are blanks. */
    static int sum(byte[] header) {
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xff;
        }
        return sum;
    }

    private static void put(byte[] header, int offset, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, header, offset, bytes.length);
    }
}
