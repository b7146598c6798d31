package dev.flynn.logs;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Optional;

/**
 * One file of an app's log.
 *
 * @param id that the file keeps when it is put aside: time and number of its first line
 * @param begun the time of its first line
 * @param size of its whole frames
 */
record Segment(String id, Instant begun, Path file, long size) {

    private static final int HEAD_BYTES = 4096;
    private static final int TAIL_BYTES = 2 * Frames.MAX_BYTES + 16;

    /** What the file holds; empty if that is not one whole frame. */
    static Optional<Segment> read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            byte[] head = read(channel, 0, HEAD_BYTES);
            Optional<SyslogLine> first = firstLine(head);
            if (first.isEmpty()) {
                return Optional.empty();
            }
            long size = whole(channel);
            return size == 0 ? Optional.empty() : Optional.of(of(first.get(), file, size));
        }
    }

    static Segment of(SyslogLine first, Path file, long size) {
        Instant begun = first.message().timestamp();
        return new Segment(begun + " " + first.seq(), begun, file, size);
    }

    Segment at(Path other) {
        return new Segment(id, begun, other, size);
    }

    Segment grown(long length) {
        return new Segment(id, begun, file, size + length);
    }

    /** Of a line that is longer, what names it is enough. */
    private static Optional<SyslogLine> firstLine(byte[] head) {
        int end = Frames.end(head, 0, head.length);
        if (end == Frames.DAMAGED || head.length == 0) {
            return Optional.empty();
        }
        if (end == Frames.INCOMPLETE && head.length < HEAD_BYTES) {
            return Optional.empty();
        }
        String text = new String(head, UTF_8);
        int start = text.indexOf(' ') + 1;
        return SyslogLine.parse(text.substring(start));
    }

    /** Where the last whole frame ends. Only the end of the file is read, unless it is not what it should be. */
    private static long whole(FileChannel channel) throws IOException {
        long size = channel.size();
        long from = Math.max(0, size - TAIL_BYTES);
        byte[] tail = read(channel, from, TAIL_BYTES);
        int start = from == 0 ? 0 : Frames.firstStart(tail, 0, tail.length);
        if (start == tail.length) {
            return wholeFromStart(channel);
        }
        return from + Frames.whole(tail, start, tail.length);
    }

    private static long wholeFromStart(FileChannel channel) throws IOException {
        long at = 0;
        while (true) {
            byte[] piece = read(channel, at, 1 << 20);
            int whole = Frames.whole(piece, 0, piece.length);
            if (whole == 0) {
                return at;
            }
            at += whole;
        }
    }

    static byte[] read(FileChannel channel, long from, int most) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.max(0, Math.min(most, channel.size() - from)));
        while (buffer.hasRemaining() && channel.read(buffer, from + buffer.position()) > 0) {
            // there may be more
        }
        return buffer.position() == buffer.capacity()
                ? buffer.array()
                : java.util.Arrays.copyOf(buffer.array(), buffer.position());
    }

    /** How many lines begin at {@code from} and later. */
    long count(long from) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long count = 0;
            for (long at = from; at < size; ) {
                byte[] piece = read(channel, at, (int) Math.min(1 << 20, size - at));
                int whole = Frames.whole(piece, 0, piece.length);
                if (whole == 0) {
                    break;
                }
                count += Frames.count(piece, 0, whole);
                at += whole;
            }
            return count;
        }
    }
}
