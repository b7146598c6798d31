package dev.flynn.containers.oci;

import dev.flynn.api.host.OutputStreamKind;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/**
 * What a container wrote, from the log that conmon makes of it, delivered once also when this process is killed in between:
 * how far delivery came is written down after each piece. The log is replaced by a fresh one when enough of it was
 * delivered. For one thread at a time.
 */
final class JobOutput implements AutoCloseable {

    /** A log that is longer gets a successor. */
    static final long ROTATE_BYTES = 4L << 20;

    private static final int CHUNK_BYTES = 64 * 1024;
    private static final int POSITION_BYTES = 2 * Long.BYTES;

    /** Takes a piece of output; may block, which is how back-pressure begins. */
    @FunctionalInterface
    interface Sink {
        /** @return false if it takes no more after this */
        boolean deliver(OutputStreamKind stream, byte[] bytes);
    }

    private final Path log;
    /** The predecessor of the log, while it is not delivered to its end. */
    private final Path old;

    private final Path control;
    private final RandomAccessFile position;
    private final long rotateBytes;

    private @Nullable RandomAccessFile current;
    private long inode;
    private long offset;

    /** @param control conmon's, where it is asked for a new log */
    JobOutput(Path log, Path position, Path control, long rotateBytes) throws IOException {
        this.log = log;
        this.old = log.resolveSibling(log.getFileName() + ".old");
        this.control = control;
        this.rotateBytes = rotateBytes;
        this.position = new RandomAccessFile(position.toFile(), "rw");
        if (this.position.length() == POSITION_BYTES) {
            inode = this.position.readLong();
            offset = this.position.readLong();
        }
    }

    /** Delivers what is there; returns when nothing more is, or the sink takes no more. */
    void deliver(Sink sink) throws IOException {
        while (true) {
            RandomAccessFile file = current == null ? open() : current;
            if (file == null || !deliver(file, sink)) {
                return;
            }
            if (Files.exists(old)) {
                if (!Files.exists(log)) {
                    return; // conmon makes the new one; until then it writes to the old one
                }
                if (!deliver(file, sink)) {
                    return;
                }
                changeOver(file);
            } else if (offset >= rotateBytes) {
                rotate();
            } else {
                return;
            }
        }
    }

    /** What is not delivered yet, in the bytes of the log. Thread-safe. */
    long backlog() {
        return size(old) + size(log);
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException none) {
            return 0;
        }
    }

    /** False if the sink takes no more. */
    private boolean deliver(RandomAccessFile file, Sink sink) throws IOException {
        while (true) {
            long left = file.length() - offset;
            if (left <= 0) {
                return true;
            }
            byte[] chunk = new byte[(int) Math.min(left, CHUNK_BYTES)];
            file.seek(offset);
            int length = Math.max(0, file.read(chunk));
            int from = 0;
            for (LogLines.Run run = LogLines.next(chunk, from, length);
                    run != null;
                    run = LogLines.next(chunk, from, length)) {
                boolean goOn = run.bytes().length == 0 || sink.deliver(run.stream(), run.bytes());
                writePosition(inode, offset + run.end() - from);
                if (!goOn) {
                    return false;
                }
                from = run.end();
            }
            if (from == 0) {
                return true; // a line that is not complete
            }
        }
    }

    private @Nullable RandomAccessFile open() throws IOException {
        for (Path file : new Path[] {old, log}) {
            try {
                long found = inodeOf(file);
                if (file.equals(old) && inode != 0 && found != inode) {
                    Files.delete(old); // delivered; there was no time to delete it
                    continue;
                }
                if (file.equals(old) && !Files.exists(log)) {
                    askForNewLog();
                }
                if (found != inode) {
                    writePosition(found, 0);
                }
                RandomAccessFile opened = new RandomAccessFile(file.toFile(), "r");
                current = opened;
                return opened;
            } catch (NoSuchFileException | FileNotFoundException none) {
                continue;
            }
        }
        return null;
    }

    private void rotate() throws IOException {
        Files.move(log, old, StandardCopyOption.ATOMIC_MOVE);
        askForNewLog();
    }

    /** Nobody may listen any more, which is fine. */
    private void askForNewLog() throws IOException {
        Control.send(control, Control.NEW_LOG);
    }

    private void changeOver(RandomAccessFile delivered) throws IOException {
        delivered.close();
        current = null;
        writePosition(inodeOf(log), 0);
        Files.deleteIfExists(old);
    }

    private void writePosition(long file, long delivered) throws IOException {
        inode = file;
        offset = delivered;
        position.seek(0);
        position.write(ByteBuffer.allocate(POSITION_BYTES)
                .putLong(inode)
                .putLong(offset)
                .array());
    }

    private static long inodeOf(Path file) throws IOException {
        return (Long) Files.getAttribute(file, "unix:ino");
    }

    /** Everything was delivered that the log has. */
    boolean isAtEnd() {
        try {
            return !Files.exists(old) && (size(log) == 0 || (inodeOf(log) == inode && offset >= size(log)));
        } catch (IOException goneMeanwhile) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        if (current != null) {
            current.close();
        }
        position.close();
    }
}
