package dev.flynn.images;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.flynn.images.TarEntry.Segment;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes a tar archive in one plain form, GNU's, whatever form it was read from: GNU tar then sees of each entry exactly what
 * was checked, and nothing that another reader may understand in another way.
 */
final class TarWriter implements AutoCloseable {

    private static final int BLOCK = TarReader.BLOCK;
    private static final int NAME = 100;
    private static final int SEGMENTS_IN_HEADER = 4;
    private static final int SEGMENTS_IN_BLOCK = 21;
    private static final byte[] ZEROS = new byte[BLOCK];

    private final OutputStream out;
    private int padding;

    TarWriter(OutputStream out) {
        this.out = out;
    }

    /** Begins an entry; as much content as it stores has to follow. */
    void put(TarEntry entry) throws IOException {
        finishEntry();
        byte[] pax = pax(entry);
        if (pax.length > 0) {
            describe('x', pax);
        }
        if (entry.name().length() >= NAME) {
            describe('L', terminated(entry.name()));
        }
        if (entry.linkName().length() >= NAME) {
            describe('K', terminated(entry.linkName()));
        }
        long stored = entry.storedSize();
        var header = new Header(entry.type(), entry.name(), stored);
        header.octal(100, 8, entry.mode());
        header.number(108, 8, entry.uid());
        header.number(116, 8, entry.gid());
        header.number(136, 12, entry.mtimeSeconds());
        header.text(157, entry.linkName());
        header.number(329, 8, entry.major());
        header.number(337, 8, entry.minor());
        List<Segment> segments = entry.segments();
        if (entry.type() == TarEntry.SPARSE) {
            segments = withEnd(entry);
            header.segments(386, segments.subList(0, Math.min(SEGMENTS_IN_HEADER, segments.size())));
            header.block[482] = (byte) (segments.size() > SEGMENTS_IN_HEADER ? 1 : 0);
            header.number(483, 12, entry.size());
        }
        out.write(header.sealed());
        for (int at = SEGMENTS_IN_HEADER; at < segments.size(); at += SEGMENTS_IN_BLOCK) {
            int end = Math.min(segments.size(), at + SEGMENTS_IN_BLOCK);
            var more = new Header();
            more.segments(0, segments.subList(at, end));
            more.block[504] = (byte) (end < segments.size() ? 1 : 0);
            out.write(more.block);
        }
        padding = (int) (-stored & (BLOCK - 1));
    }

    void write(byte[] content, int length) throws IOException {
        out.write(content, 0, length);
    }

    private void finishEntry() throws IOException {
        out.write(ZEROS, 0, padding);
        padding = 0;
    }

    /** Ends the archive. */
    @Override
    public void close() throws IOException {
        try (out) {
            finishEntry();
            out.write(ZEROS);
            out.write(ZEROS);
        }
    }

    /** GNU tar wants to see where a sparse file ends when that is in a hole. */
    private static List<Segment> withEnd(TarEntry entry) {
        var segments = new ArrayList<>(entry.segments());
        segments.add(new Segment(entry.size(), 0));
        return segments;
    }

    private void describe(char type, byte[] description) throws IOException {
        var header = new Header(type, "././@LongLink", description.length);
        out.write(header.sealed());
        out.write(description);
        out.write(ZEROS, 0, -description.length & (BLOCK - 1));
    }

    private static byte[] terminated(String text) {
        byte[] bytes = text.getBytes(ISO_8859_1);
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    private static byte[] pax(TarEntry entry) {
        Map<String, String> records = new TreeMap<>();
        entry.xattrs().forEach((name, value) -> records.put("SCHILY.xattr." + name, value));
        if (entry.mtimeNanos() != 0) {
            records.put("mtime", "%d.%09d".formatted(entry.mtimeSeconds(), entry.mtimeNanos()));
        }
        var bytes = new ByteArrayOutputStream();
        records.forEach((key, value) -> {
            int payload = key.length() + value.length() + 3;
            int length = payload + Integer.toString(payload).length();
            length = payload + Integer.toString(length).length();
            bytes.writeBytes((length + " " + key + "=" + value + "\n").getBytes(ISO_8859_1));
        });
        return bytes.toByteArray();
    }

    /** One block, as it is filled. */
    private static final class Header {

        private final byte[] block = new byte[BLOCK];

        /** A block that is no header: more pieces of a sparse file. */
        Header() {}

        Header(char type, String name, long size) {
            text(0, name);
            number(124, 12, size);
            block[156] = (byte) type;
            text(257, "ustar  ");
        }

        void text(int at, String text) {
            byte[] bytes = text.getBytes(ISO_8859_1);
            System.arraycopy(bytes, 0, block, at, Math.min(bytes.length, NAME));
        }

        void octal(int at, int length, long value) {
            String digits = Long.toOctalString(value);
            text(at, "0".repeat(length - 1 - digits.length()) + digits);
        }

        /** Octal if there is room, else binary. */
        void number(int at, int length, long value) {
            if (value >= 0 && Long.toOctalString(value).length() < length) {
                octal(at, length, value);
                return;
            }
            long rest = value;
            for (int i = at + length - 1; i >= at; i--) {
                block[i] = (byte) rest;
                rest >>= 8;
            }
            block[at] = (byte) (value < 0 ? 0xff : 0x80);
        }

        void segments(int at, List<Segment> segments) {
            int offset = at;
            for (Segment segment : segments) {
                number(offset, 12, segment.offset());
                number(offset + 12, 12, segment.length());
                offset += 24;
            }
        }

        byte[] sealed() {
            Arrays.fill(block, 148, 156, (byte) ' ');
            int sum = 0;
            for (byte b : block) {
                sum += b & 0xff;
            }
            octal(148, 7, sum);
            block[154] = 0;
            return block;
        }
    }
}
