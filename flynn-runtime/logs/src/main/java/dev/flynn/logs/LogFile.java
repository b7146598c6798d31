package dev.flynn.logs;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * The lines of one app on this host: one file that is written to, and one that was full before. Holds whole frames only, also
 * after a write that failed and after the death of the process. Not thread-safe.
 */
final class LogFile implements AutoCloseable {

    private static final int MAX_FRAME_BYTES = 64 * 1024;

    /** The JDK keeps a direct buffer per thread as large as the largest write. */
    private static final int MAX_WRITE_BYTES = 128 * 1024;

    private static final int MAX_DIGITS = 5;

    private final Path file;
    private final Path former;
    private final long maxBytes;
    private FileChannel channel;
    private long size;

    LogFile(Path directory, String app, long maxBytes) throws IOException {
        this.file = current(directory, app);
        this.former = former(directory, app);
        this.maxBytes = maxBytes;
        this.channel = open();
        this.size = scan(file, frame -> {});
        channel.truncate(size);
    }

    private FileChannel open() throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    /** Adds frames; when this fails, none of them is there. When it returns, they survive the death of this process. */
    void append(List<byte[]> frames) throws IOException {
        int length = frames.stream().mapToInt(frame -> frame.length).sum();
        if (size > 0 && size + length > maxBytes) {
            rotate();
        }
        ByteBuffer all = ByteBuffer.allocate(length);
        frames.forEach(all::put);
        all.flip();
        try {
            for (int position = 0; position < length; ) {
                ByteBuffer chunk = all.slice(position, Math.min(MAX_WRITE_BYTES, length - position));
                position += channel.write(chunk, size + position);
            }
            size += length;
        } catch (IOException e) {
            channel.truncate(size);
            throw e;
        }
    }

    private void rotate() throws IOException {
        Files.move(file, former, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        FileChannel full = channel;
        channel = open();
        size = 0;
        full.close();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** Delivers the newest lines that are kept of an app, oldest first. */
    static void newest(Path directory, String app, int count, Consumer<SyslogLine> lines) throws IOException {
        var current = new NewestFrames(count);
        scan(current(directory, app), current);
        var old = new NewestFrames(count - current.size());
        scan(former(directory, app), old);
        read(former(directory, app), old, lines);
        read(current(directory, app), current, lines);
    }

    /** What is kept of an app now, also when its file becomes the old one; to be called while nothing is written. */
    static Kept kept(Path directory, String app) throws IOException {
        List<Part> parts = new ArrayList<>();
        try {
            for (Path file : List.of(former(directory, app), current(directory, app))) {
                if (Files.exists(file)) {
                    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
                    parts.add(new Part(channel, channel.size()));
                }
            }
        } catch (IOException e) {
            new Kept(parts).close();
            throw e;
        }
        return new Kept(parts);
    }

    private record Part(FileChannel channel, long size) {}

    /** The lines of an app as they were at one moment. */
    static final class Kept implements AutoCloseable {

        private final List<Part> parts;

        private Kept(List<Part> parts) {
            this.parts = List.copyOf(parts);
        }

        /** Delivers them, oldest first. */
        void read(Consumer<SyslogLine> lines) throws IOException {
            for (Part part : parts) {
                InputStream in = new BufferedInputStream(Channels.newInputStream(part.channel()), 64 * 1024);
                for (long read = 0; read < part.size(); ) {
                    Optional<byte[]> text = readFrame(in);
                    if (text.isEmpty()) {
                        break;
                    }
                    read += digits(text.get().length) + 1 + text.get().length + 1;
                    SyslogLine.parse(new String(text.get(), StandardCharsets.UTF_8))
                            .ifPresent(lines);
                }
            }
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

    private static Path current(Path directory, String app) {
        return directory.resolve(app + ".log");
    }

    private static Path former(Path directory, String app) {
        return directory.resolve(app + "-old.log");
    }

    /** Delivers the start of each whole frame, and gives where they end. */
    private static long scan(Path file, LongConsumer starts) throws IOException {
        if (!Files.exists(file)) {
            return 0;
        }
        long end = 0;
        long size = Files.size(file);
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 64 * 1024)) {
            for (OptionalInt length = readLength(in); length.isPresent(); length = readLength(in)) {
                long next = end + digits(length.getAsInt()) + 1 + length.getAsInt() + 1;
                if (next > size) {
                    break;
                }
                in.skipNBytes(length.getAsInt());
                if (in.read() != '\n') {
                    break;
                }
                starts.accept(end);
                end = next;
            }
        }
        return end;
    }

    private static void read(Path file, NewestFrames frames, Consumer<SyslogLine> lines) throws IOException {
        if (frames.size() == 0) {
            return;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            channel.position(frames.first());
            InputStream in = new BufferedInputStream(Channels.newInputStream(channel), 64 * 1024);
            for (int left = frames.size(); left > 0; left--) {
                Optional<byte[]> text = readFrame(in);
                if (text.isEmpty()) {
                    return;
                }
                SyslogLine.parse(new String(text.get(), StandardCharsets.UTF_8)).ifPresent(lines);
            }
        }
    }

    private static Optional<byte[]> readFrame(InputStream in) throws IOException {
        OptionalInt length = readLength(in);
        if (length.isEmpty()) {
            return Optional.empty();
        }
        byte[] text = in.readNBytes(length.getAsInt());
        return text.length == length.getAsInt() && in.read() == '\n' ? Optional.of(text) : Optional.empty();
    }

    private static OptionalInt readLength(InputStream in) throws IOException {
        int length = 0;
        int digits = 0;
        int b = in.read();
        for (; b >= '0' && b <= '9' && digits < MAX_DIGITS; b = in.read()) {
            length = length * 10 + (b - '0');
            digits++;
        }
        boolean valid = digits > 0 && b == ' ' && length <= MAX_FRAME_BYTES && digits == digits(length);
        return valid ? OptionalInt.of(length) : OptionalInt.empty();
    }

    private static int digits(int number) {
        return Integer.toString(number).length();
    }

    /** Where the newest frames of a file start. */
    private static final class NewestFrames implements LongConsumer {

        private final long[] starts;
        private long seen;

        NewestFrames(int count) {
            this.starts = new long[count];
        }

        @Override
        public void accept(long start) {
            if (starts.length > 0) {
                starts[(int) (seen++ % starts.length)] = start;
            }
        }

        int size() {
            return (int) Math.min(seen, starts.length);
        }

        long first() {
            return seen <= starts.length ? starts[0] : starts[(int) (seen % starts.length)];
        }
    }
}
