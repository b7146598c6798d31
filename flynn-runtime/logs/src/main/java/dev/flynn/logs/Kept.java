package dev.flynn.logs;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.function.Consumer;

/** The lines of an app as they were at one moment. */
final class Kept implements AutoCloseable {

    private static final int PIECE_BYTES = 256 * 1024;

    private final List<Part> parts;

    /** Of a file; what comes behind {@code size} is newer. */
    record Part(FileChannel channel, long size) {}

    Kept(List<Part> parts) {
        this.parts = List.copyOf(parts);
    }

    /** Delivers all of them, oldest first. */
    void read(Consumer<SyslogLine> lines) throws IOException {
        for (Part part : parts) {
            read(part, 0, lines);
        }
    }

    private static void read(Part part, long from, Consumer<SyslogLine> lines) throws IOException {
        var parser = new LineParser();
        for (long at = from; at < part.size(); ) {
            byte[] piece = Segment.read(part.channel(), at, (int) Math.min(PIECE_BYTES, part.size() - at));
            int start = 0;
            for (int end = Frames.end(piece, 0, piece.length); end > 0; end = Frames.end(piece, start, piece.length)) {
                parser.parse(piece, Frames.message(piece, start), end - 1).ifPresent(lines);
                start = end;
            }
            if (start == 0) {
                return;
            }
            at += start;
        }
    }

    /** Delivers the newest, oldest first: at most {@code count}, and of each file at most the last {@code mostBytes}. */
    void newest(int count, int mostBytes, Consumer<SyslogLine> lines) throws IOException {
        Start start = newestStart(count, mostBytes);
        for (int i = start.part(); i < parts.size(); i++) {
            read(parts.get(i), i == start.part() ? start.offset() : 0, lines);
        }
    }

    /** Where the newest lines begin: in which part, and where in it. */
    record Start(int part, long offset) {}

    Start newestStart(int count, int mostBytes) throws IOException {
        var start = new Start(parts.size(), 0);
        int wanted = count;
        for (int i = parts.size() - 1; i >= 0 && wanted > 0 && start.offset() == 0; i--) {
            NewestFrames newest = newest(parts.get(i), wanted, mostBytes);
            start = new Start(i, newest.start());
            wanted -= newest.found();
        }
        return start;
    }

    /** @param start where the first of them begins; the end of the file if none does */
    private record NewestFrames(long start, int found) {}

    private static NewestFrames newest(Part part, int count, int mostBytes) throws IOException {
        long from = Math.max(0, part.size() - mostBytes);
        byte[] tail = Segment.read(part.channel(), from, (int) (part.size() - from));
        int begin = from == 0 ? 0 : Frames.firstStart(tail, 0, tail.length);
        int found = Frames.count(tail, begin, tail.length);
        int at = begin;
        for (int skip = found - count; skip > 0; skip--) {
            at = Frames.end(tail, at, tail.length);
        }
        return found == 0 ? new NewestFrames(part.size(), 0) : new NewestFrames(from + at, Math.min(found, count));
    }

    @Override
    public void close() {
        for (Part part : parts) {
            try {
                part.channel().close();
            } catch (IOException alreadyBroken) {
                // it was only read
            }
        }
    }
}
