package dev.flynn.logs;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.Consumer;

/** The lines of one app on this host: one file that is written to, and one that was full before. Not thread-safe. */
final class LogFile implements AutoCloseable {

    private static final int MAX_FRAME_BYTES = 64 * 1024;

    private final Path file;
    private final Path former;
    private final long maxBytes;
    private OutputStream out;
    private long size;

    LogFile(Path directory, String app, long maxBytes) throws IOException {
        this.file = directory.resolve(app + ".log");
        this.former = directory.resolve(app + "-old.log");
        this.maxBytes = maxBytes;
        cutTornEnd(file);
        this.out = open();
    }

    private OutputStream open() throws IOException {
        size = Files.exists(file) ? Files.size(file) : 0;
        return new BufferedOutputStream(
                Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    }

    void append(byte[] frame) throws IOException {
        if (size + frame.length > maxBytes && size > 0) {
            out.close();
            Files.move(file, former, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            out = open();
        }
        out.write(frame);
        size += frame.length;
    }

    void flush() throws IOException {
        out.flush();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }

    /** A process that was killed while it wrote leaves half a frame; what follows it could not be read. */
    private static void cutTornEnd(Path file) throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        long whole = readFrames(file, frame -> {});
        if (whole < Files.size(file)) {
            try (var channel = java.nio.channels.FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(whole);
            }
        }
    }

    /** Reads what is kept of an app, oldest first. */
    static void replay(Path directory, String app, Consumer<SyslogLine> lines) throws IOException {
        for (String name : new String[] {app + "-old.log", app + ".log"}) {
            Path file = directory.resolve(name);
            if (Files.exists(file)) {
                readFrames(file, frame -> SyslogLine.parse(frame).ifPresent(lines));
            }
        }
    }

    /** Gives how many bytes were whole frames. */
    private static long readFrames(Path file, Consumer<String> frames) throws IOException {
        long whole = 0;
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 64 * 1024)) {
            for (Optional<byte[]> frame = readFrame(in); frame.isPresent(); frame = readFrame(in)) {
                byte[] text = frame.get();
                frames.accept(new String(text, StandardCharsets.UTF_8));
                whole += text.length + String.valueOf(text.length).length() + 2L;
            }
        }
        return whole;
    }

    private static Optional<byte[]> readFrame(InputStream in) throws IOException {
        int length = 0;
        int digits = 0;
        int b = in.read();
        for (; b >= '0' && b <= '9' && digits < 6; b = in.read()) {
            length = length * 10 + (b - '0');
            digits++;
        }
        if (digits == 0 || b != ' ' || length > MAX_FRAME_BYTES) {
            return Optional.empty();
        }
        byte[] text = in.readNBytes(length);
        return text.length == length && in.read() == '\n' ? Optional.of(text) : Optional.empty();
    }
}
