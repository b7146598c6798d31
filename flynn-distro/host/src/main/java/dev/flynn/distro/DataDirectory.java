package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/**
 * Where a host keeps everything that outlives it, held by one process at a time.
 *
 * <p>The lock is the operating system's, so that it ends with the process, however that ends.
 */
final class DataDirectory implements AutoCloseable {

    private static final String LOCK_FILE = "flynn-host.lock";

    private final Path root;
    private final FileChannel channel;
    private final FileLock lock;

    private DataDirectory(Path root, FileChannel channel, FileLock lock) {
        this.root = root;
        this.channel = channel;
        this.lock = lock;
    }

    /**
     * Creates the directory if it is missing, readable by its owner only, and takes hold of it.
     *
     * @throws FlynnException {@code CONFLICT} naming the process that holds it
     */
    static DataDirectory open(Path root) {
        try {
            Path absolute = root.toAbsolutePath().normalize();
            if (!Files.isDirectory(absolute)) {
                Files.createDirectories(
                        absolute, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            FileChannel channel = FileChannel.open(
                    absolute.resolve(LOCK_FILE),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE);
            FileLock lock = tryLock(channel);
            if (lock == null) {
                String holder = readHolder(channel);
                channel.close();
                throw FlynnException.conflict(
                        "data directory %s is in use by %s; stop that process, or give another --data-dir"
                                .formatted(absolute, holder));
            }
            writeHolder(channel);
            return new DataDirectory(absolute, channel, lock);
        } catch (IOException e) {
            throw FlynnException.unavailable(
                    "cannot use data directory %s: %s; give another --data-dir".formatted(root, problem(e)), e);
        }
    }

    /** In words; the exceptions of files have only the path as their message. */
    private static String problem(IOException e) {
        if (e instanceof FileAlreadyExistsException there) {
            return there.getFile() + " is no directory";
        }
        if (e instanceof AccessDeniedException refused) {
            return "permission denied for " + refused.getFile();
        }
        if (e instanceof NoSuchFileException missing) {
            return missing.getFile() + " cannot be made";
        }
        return String.valueOf(e.getMessage());
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException held) {
            return null;
        }
    }

    private static String readHolder(FileChannel channel) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(64);
        channel.read(text, 0);
        String pid = new String(text.array(), 0, text.position(), StandardCharsets.US_ASCII).strip();
        return pid.isEmpty() ? "another flynn-host" : "flynn-host with process id " + pid;
    }

    private static void writeHolder(FileChannel channel) throws IOException {
        channel.truncate(0);
        byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
        channel.write(ByteBuffer.wrap(pid), 0);
        channel.force(false);
    }

    Path root() {
        return root;
    }

    /** A directory of one component, which exists. */
    Path directory(String name) {
        try {
            return Files.createDirectories(root.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot create " + root.resolve(name), e);
        }
    }

    @Override
    public void close() {
        try {
            lock.release();
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot release " + root, e);
        }
    }
}
