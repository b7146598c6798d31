package dev.flynn.store;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The directory that a store keeps itself in: held by one process at a time, and known by a file that says whose it is.
 *
 * @param group names the Raft group, and Ratis' directory inside this one
 * @param peer names this replica in the group
 */
record DataDirectory(Path path, UUID group, String peer, FileLock lock) implements AutoCloseable {

    private static final String IDENTITY = "store.properties";
    private static final String NEW_IDENTITY = "store.properties.tmp";
    private static final String LOCK = "store.lock";
    private static final String FORMAT = "1";
    private static final Set<String> OWN_FILES = Set.of(NEW_IDENTITY, LOCK);

    /**
     * Opens a directory, or makes an empty one the directory of a new store.
     *
     * @throws FlynnException {@code CONFLICT} if another process holds it, {@code VALIDATION} if it is something else
     */
    static DataDirectory open(Path path) {
        try {
            Files.createDirectories(path);
            requireOurs(path);
            FileLock lock = lock(path);
            try {
                Properties identity = identity(path);
                return new DataDirectory(
                        path,
                        UUID.fromString(required(identity, "group", path)),
                        required(identity, "peer", path),
                        lock);
            } catch (IOException | RuntimeException e) {
                lock.channel().close();
                throw e;
            }
        } catch (IOException e) {
            throw FlynnException.internal("the cluster store's directory %s cannot be used: %s".formatted(path, e), e);
        }
    }

    /** Where Ratis keeps the log and the snapshots. */
    Path groupDirectory() {
        return path.resolve(group.toString());
    }

    private static void requireOurs(Path path) throws IOException {
        if (Files.exists(path.resolve(IDENTITY))) {
            return;
        }
        try (Stream<Path> files = Files.list(path)) {
            List<String> foreign = files.map(file -> file.getFileName().toString())
                    .filter(name -> !OWN_FILES.contains(name))
                    .sorted()
                    .limit(3)
                    .toList();
            if (!foreign.isEmpty()) {
                throw FlynnException.invalid(
                        "%s is not the directory of a cluster store: it has no %s, but %s; name an empty directory"
                                .formatted(path, IDENTITY, foreign));
            }
        }
    }

    private static FileLock lock(Path path) throws IOException {
        FileChannel channel = FileChannel.open(
                path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = tryLock(channel);
            if (lock == null) {
                throw new FlynnException(
                        ErrorCode.CONFLICT,
                        "the cluster store in %s is in use by process %s; stop that one first"
                                .formatted(path, Files.readString(path.resolve(LOCK))));
            }
            channel.truncate(0);
            channel.write(StandardCharsets.US_ASCII.encode(
                    Long.toString(ProcessHandle.current().pid())));
            return lock;
        } finally {
            if (lock == null) {
                channel.close();
            }
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException inThisProcess) {
            return null;
        }
    }

    private static Properties identity(Path path) throws IOException {
        Path file = path.resolve(IDENTITY);
        if (!Files.exists(file)) {
            write(
                    path,
                    "format=%s%ngroup=%s%npeer=%s%n".formatted(FORMAT, UUID.randomUUID(), "p-" + UUID.randomUUID()));
        }
        var identity = new Properties();
        identity.load(new StringReader(Files.readString(file)));
        String format = required(identity, "format", path);
        if (!format.equals(FORMAT)) {
            throw FlynnException.invalid("the cluster store in %s has format %s, this version reads only %s"
                    .formatted(path, format, FORMAT));
        }
        return identity;
    }

    private static void write(Path path, String identity) throws IOException {
        Path temporary = path.resolve(NEW_IDENTITY);
        try (FileChannel channel = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = StandardCharsets.UTF_8.encode(identity);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(temporary, path.resolve(IDENTITY), StandardCopyOption.ATOMIC_MOVE);
        SnapshotFile.forceDirectory(path);
    }

    private static String required(Properties identity, String key, Path path) {
        String value = identity.getProperty(key);
        if (value == null) {
            throw FlynnException.invalid(
                    "%s has no \"%s\"; it is damaged, restore it".formatted(path.resolve(IDENTITY), key));
        }
        return value;
    }

    /** Lets another process have the directory. */
    @Override
    public void close() {
        try {
            lock.channel().close();
        } catch (IOException e) {
            throw FlynnException.internal("cannot release the cluster store's directory " + path, e);
        }
    }
}
