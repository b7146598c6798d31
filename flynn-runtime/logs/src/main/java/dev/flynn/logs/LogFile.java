package dev.flynn.logs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The lines of one app on this host: one file that is written to, and those that were put aside. Holds whole frames only, also
 * after a write that failed and after the death of the process. Not thread-safe.
 */
final class LogFile implements AutoCloseable {

    /** The JDK keeps a direct buffer per thread as large as the largest write. */
    private static final int MAX_WRITE_BYTES = 128 * 1024;

    private static final String ENDING = ".log";

    private static final DateTimeFormatter PUT_ASIDE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH-mm-ss.SSS").withZone(ZoneOffset.UTC);

    private final Path directory;
    private final String app;
    private final LogRotation rotation;

    /** Told of a file that is about to be deleted. */
    private final Consumer<Segment> deleting;

    /** Oldest first. */
    private final Deque<Segment> old = new ArrayDeque<>();

    /** What is written to; absent while it is empty. */
    private @Nullable Segment current;

    private @Nullable FileChannel channel;

    LogFile(Path directory, String app, LogRotation rotation, Consumer<Segment> deleting) throws IOException {
        this.directory = directory;
        this.app = app;
        this.rotation = rotation;
        this.deleting = deleting;
        for (Path file : putAside(directory, app)) {
            Segment.read(file).ifPresent(old::add);
        }
        current = Files.exists(currentFile()) ? Segment.read(currentFile()).orElse(null) : null;
    }

    private Path currentFile() {
        return directory.resolve(app + ENDING);
    }

    /** The files that were put aside, oldest first. */
    private static Iterable<Path> putAside(Path directory, String app) throws IOException {
        try (var found = Files.newDirectoryStream(directory, app + "-????-??-??T??-??-??.???" + ENDING)) {
            var sorted = new TreeSet<Path>();
            found.forEach(sorted::add);
            return sorted;
        }
    }

    /** All files that hold lines, oldest first. */
    List<Segment> segments() {
        List<Segment> all = new ArrayList<>(old);
        if (current != null) {
            all.add(current);
        }
        return all;
    }

    Optional<Segment> find(String id) {
        return segments().stream().filter(segment -> segment.id().equals(id)).findFirst();
    }

    /** The file that follows this one; the oldest if this one is gone. */
    Optional<Segment> after(String id) {
        List<Segment> all = segments();
        int next = 0;
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).id().equals(id)) {
                next = i + 1;
            }
        }
        return next < all.size() ? Optional.of(all.get(next)) : Optional.empty();
    }

    /**
     * Adds frames; when this fails, none of them is there. When it returns, they survive the death of this process.
     *
     * @param first whose frame is the first
     */
    void append(SyslogLine first, byte[] frames, int length) throws IOException {
        Segment now = current;
        if (now != null && isFull(now, length, first.message().timestamp())) {
            putAside(now);
            now = null;
        }
        if (now != null && channel == null && !Files.exists(now.file())) {
            now = null; // whoever cleans up the disk took it
        }
        FileChannel out = channel == null ? open(now) : channel;
        long size = now == null ? 0 : now.size();
        try {
            for (int position = 0; position < length; ) {
                ByteBuffer chunk = ByteBuffer.wrap(frames, position, Math.min(MAX_WRITE_BYTES, length - position));
                position += out.write(chunk, size + position);
            }
        } catch (IOException e) {
            out.truncate(size);
            throw e;
        }
        current = now == null ? Segment.of(first, currentFile(), length) : now.grown(length);
    }

    private boolean isFull(Segment segment, int more, Instant time) {
        return segment.size() + more > rotation.maxFileBytes()
                || segment.begun().plus(rotation.maxFileAge()).isBefore(time);
    }

    /** Without what was torn by the death of the process before. */
    private FileChannel open(@Nullable Segment segment) throws IOException {
        FileChannel opened = FileChannel.open(currentFile(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        channel = opened;
        opened.truncate(segment == null ? 0 : segment.size());
        return opened;
    }

    private void putAside(Segment full) throws IOException {
        Path aside = aside(Instant.now());
        if (!old.isEmpty() && aside.compareTo(old.getLast().file()) <= 0) {
            aside = aside(putAsideAt(old.getLast().file()).plusMillis(1));
        }
        boolean there = Files.exists(full.file());
        if (there) {
            Files.move(full.file(), aside, StandardCopyOption.ATOMIC_MOVE);
        }
        close();
        current = null;
        if (there) {
            old.addLast(full.at(aside));
        }
        while (old.size() > rotation.oldFiles()) {
            deleteOldest();
        }
    }

    private Instant putAsideAt(Path file) throws IOException {
        String name = file.getFileName().toString();
        String time = name.substring(app.length() + 1, name.length() - ENDING.length());
        try {
            return PUT_ASIDE.parse(time, Instant::from);
        } catch (DateTimeParseException e) {
            throw new IOException(file + " is not named as a log that was put aside", e);
        }
    }

    private Path aside(Instant time) {
        return directory.resolve(app + "-" + PUT_ASIDE.format(time) + ENDING);
    }

    private void deleteOldest() throws IOException {
        Segment oldest = old.getFirst();
        deleting.accept(oldest);
        Files.deleteIfExists(oldest.file());
        old.removeFirst();
    }

    /** Deletes what nobody wrote to since then. */
    void deleteUntouchedSince(Instant time) throws IOException {
        while (!old.isEmpty() && isUntouchedSince(time, old.getFirst().file())) {
            deleteOldest();
        }
        Segment last = current;
        if (last != null && old.isEmpty() && isUntouchedSince(time, last.file())) {
            close();
            deleting.accept(last);
            Files.deleteIfExists(last.file());
            current = null;
        }
    }

    private static boolean isUntouchedSince(Instant time, Path file) throws IOException {
        try {
            return Files.getLastModifiedTime(file).toInstant().isBefore(time);
        } catch (NoSuchFileException gone) {
            return true;
        }
    }

    /** Deletes all of it. */
    void delete() throws IOException {
        close();
        for (Segment segment : segments()) {
            deleting.accept(segment);
        }
        for (Path file : putAside(directory, app)) {
            Files.deleteIfExists(file);
        }
        Files.deleteIfExists(currentFile());
        old.clear();
        current = null;
    }

    /** The file is opened again for the next line. */
    @Override
    public void close() throws IOException {
        FileChannel open = channel;
        channel = null;
        if (open != null) {
            open.close();
        }
    }

    /** What is kept now, also when files are put aside or deleted meanwhile. */
    Kept kept() throws IOException {
        List<Kept.Part> parts = new ArrayList<>();
        try {
            for (Segment segment : segments()) {
                if (Files.exists(segment.file())) {
                    parts.add(new Kept.Part(FileChannel.open(segment.file(), StandardOpenOption.READ), segment.size()));
                }
            }
        } catch (IOException e) {
            new Kept(parts).close();
            throw e;
        }
        return new Kept(parts);
    }
}
