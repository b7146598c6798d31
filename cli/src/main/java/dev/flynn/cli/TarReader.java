package dev.flynn.cli;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the plain files of an archive in the formats of POSIX (ustar, pax) and GNU tar, one after the other. Names are given as
 * they are; nothing is written anywhere. An archive that was cut off is a failure.
 */
final class TarReader {

    private static final int BLOCK = TarWriter.BLOCK;
    private static final int MAX_EXTENSION_BYTES = 1 << 20;
    private static final int NAME_BYTES = 100;
    private static final int PREFIX = 345;
    private static final int PREFIX_BYTES = 155;

    private final InputStream in;
    private long left;
    private long padding;

    TarReader(InputStream in) {
        this.in = in;
    }

    /** A file of the archive; its content is there until the next one is asked for. */
    record Entry(String name, long size, InputStream content) {

        /** Without the directory. */
        String baseName() {
            return name.substring(name.lastIndexOf('/') + 1);
        }
    }

    /** The next file, empty at the end of the archive. */
    Optional<Entry> next() throws IOException {
        Map<String, String> extension = new HashMap<>();
        while (true) {
            skipRest();
            byte[] header = block();
            if (isEmpty(header)) {
                return Optional.empty();
            }
            requireChecksum(header);
            long size = number(header, TarWriter.SIZE, 12);
            char type = (char) header[TarWriter.CHECKSUM_END];
            if (type != 'x' && extension.containsKey("size")) {
                size = Long.parseLong(extension.get("size"));
            }
            left = size;
            padding = (BLOCK - size % BLOCK) % BLOCK;
            switch (type) {
                case 'x' -> extension.putAll(pax(content(size)));
                case 'L' -> extension.put("path", text(content(size), 0, (int) size));
                case '0', '\0', '7' -> {
                    String name = extension.getOrDefault("path", name(header));
                    return Optional.of(new Entry(name, size, new Content()));
                }
                default -> extension.clear();
            }
        }
    }

    private byte[] content(long size) throws IOException {
        if (size < 0 || size > MAX_EXTENSION_BYTES) {
            throw new IOException("the archive has a name of %d bytes".formatted(size));
        }
        byte[] content = in.readNBytes((int) size);
        left -= content.length;
        return content;
    }

    private void skipRest() throws IOException {
        in.skipNBytes(left + padding);
        left = 0;
        padding = 0;
    }

    private byte[] block() throws IOException {
        byte[] block = in.readNBytes(BLOCK);
        if (block.length < BLOCK) {
            throw new EOFException("the archive ends early");
        }
        return block;
    }

    private static boolean isEmpty(byte[] block) {
        return Arrays.equals(block, new byte[BLOCK]);
    }

    private static void requireChecksum(byte[] header) throws IOException {
        byte[] blank = header.clone();
        Arrays.fill(blank, TarWriter.CHECKSUM, TarWriter.CHECKSUM_END, (byte) ' ');
        if (number(header, TarWriter.CHECKSUM, 8) != TarWriter.sum(blank)) {
            throw new IOException("this is no tar archive, or a damaged one");
        }
    }

    private static String name(byte[] header) {
        String name = text(header, 0, NAME_BYTES);
        boolean hasPrefix = text(header, 257, 6).equals("ustar");
        String prefix = hasPrefix ? text(header, PREFIX, PREFIX_BYTES) : "";
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private static String text(byte[] bytes, int offset, int length) {
        int end = offset;
        while (end < offset + length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, offset, end - offset, StandardCharsets.UTF_8);
    }

    /** Octal digits, or binary if the first bit is set. */
    private static long number(byte[] header, int offset, int length) throws IOException {
        if ((header[offset] & 0x80) != 0) {
            return ByteBuffer.wrap(header).getLong(offset + length - Long.BYTES);
        }
        String digits = text(header, offset, length).strip();
        try {
            return digits.isEmpty() ? 0 : Long.parseLong(digits, 8);
        } catch (NumberFormatException e) {
            throw new IOException("this is no tar archive, or a damaged one", e);
        }
    }

    /** Lines of {@code <length> <key>=<value>} (POSIX.1-2001, pax). */
    private static Map<String, String> pax(byte[] lines) throws IOException {
        Map<String, String> values = new HashMap<>();
        int at = 0;
        while (at < lines.length) {
            int blank = at;
            while (blank < lines.length && lines[blank] != ' ') {
                blank++;
            }
            int length = Integer.parseInt(text(lines, at, blank - at));
            if (length <= blank - at || at + length > lines.length) {
                throw new IOException("this is no tar archive, or a damaged one");
            }
            String line = new String(lines, blank + 1, at + length - blank - 2, StandardCharsets.UTF_8);
            int equals = line.indexOf('=');
            values.put(line.substring(0, equals), line.substring(equals + 1));
            at += length;
        }
        return values;
    }

    /** What is left of the current file. */
    private final class Content extends InputStream {

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (left == 0) {
                return -1;
            }
            int count = in.read(bytes, offset, (int) Math.min(length, left));
            if (count < 0) {
                throw new EOFException("the archive ends early");
            }
            left -= count;
            return count;
        }
    }
}
