package dev.flynn.store;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The directory that a store keeps itself in: held by one process at a time, and known by a file that says whose it is.
 *
 * @param group names the Raft group, and Ratis' directory inside this one
 * @param peer names this replica in the group
 * @param id names this directory: a peer that comes with another has lost what it knew
 * @param founders the voters that the group began with; empty if this replica joined a group
 */
record DataDirectory(Path path, UUID group, String peer, UUID id, List<StoreMember> founders, FileLock lock)
        implements AutoCloseable {

    private static final String IDENTITY = "store.properties";
    private static final String NEW_IDENTITY = "store.properties.tmp";
    private static final String LOCK = "store.lock";
    private static final String FORMAT = "1";
    private static final Set<String> OWN_FILES = Set.of(NEW_IDENTITY, LOCK);

    private static final String GROUP = "group";
    private static final String PEER = "peer";
    private static final String ID = "directory";
    private static final String FOUNDERS = "founders";

    /**
     * Who a directory is for.
     *
     * @param group empty for one of its own
     * @param peer empty for a random one
     * @param founders the voters that a new group begins with; none to join one; empty for a group of one
     */
    record Owner(Optional<UUID> group, Optional<String> peer, Optional<List<StorePeer>> founders) {

        /** Whoever it is, or a group of one. */
        static final Owner ANY = new Owner(Optional.empty(), Optional.empty(), Optional.empty());
    }

    /**
     * Opens a directory, or makes an empty one the directory of a new store.
     *
     * @throws FlynnException {@code CONFLICT} if another process holds it, {@code VALIDATION} if it is something else
     */
    static DataDirectory open(Path path) {
        return open(path, Owner.ANY);
    }

    /**
     * Opens a directory, or makes an empty one the directory of a new replica.
     *
     * @throws FlynnException {@code CONFLICT} if another process holds it, or it is another's; {@code VALIDATION} if it is
     *     something else
     */
    static DataDirectory open(Path path, Owner owner) {
        try {
            Files.createDirectories(path);
            requireOurs(path);
            FileLock lock = lock(path);
            try {
                Properties identity = identity(path, owner);
                return new DataDirectory(
                        path,
                        UUID.fromString(required(identity, GROUP, path)),
                        required(identity, PEER, path),
                        UUID.fromString(required(identity, ID, path)),
                        founders(identity),
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

    private static Properties identity(Path path, Owner owner) throws IOException {
        Path file = path.resolve(IDENTITY);
        var identity = new Properties();
        if (!Files.exists(file)) {
            String peer = owner.peer().orElseGet(() -> "p-" + UUID.randomUUID());
            identity.setProperty("format", FORMAT);
            identity.setProperty(
                    GROUP, owner.group().orElseGet(UUID::randomUUID).toString());
            identity.setProperty(PEER, peer);
            identity.setProperty(ID, UUID.randomUUID().toString());
            identity.setProperty(
                    FOUNDERS,
                    owner.founders()
                            .map(founders -> founders.stream()
                                    .map(founder -> founder.id() + "@" + founder.address())
                                    .collect(Collectors.joining(" ")))
                            .orElse(peer + "@"));
            write(path, identity);
            return identity;
        }
        identity.load(new StringReader(Files.readString(file)));
        String format = required(identity, "format", path);
        if (!format.equals(FORMAT)) {
            throw FlynnException.invalid("the cluster store in %s has format %s, this version reads only %s"
                    .formatted(path, format, FORMAT));
        }
        requireSame(
                path, "cluster", required(identity, GROUP, path), owner.group().map(UUID::toString));
        requireSame(path, "peer", required(identity, PEER, path), owner.peer());
        if (identity.getProperty(ID) == null) { // written by a version that knew only one peer
            identity.setProperty(ID, UUID.randomUUID().toString());
            identity.setProperty(FOUNDERS, required(identity, PEER, path) + "@");
            write(path, identity);
        }
        return identity;
    }

    private static void requireSame(Path path, String what, String found, Optional<String> expected) {
        if (expected.isPresent() && !expected.get().equals(found)) {
            throw FlynnException.conflict(
                    "the cluster store in %s is that of %s %s, not of %s: name another directory, or that %s"
                            .formatted(path, what, found, expected.get(), what));
        }
    }

    private static List<StoreMember> founders(Properties identity) {
        return Arrays.stream(identity.getProperty(FOUNDERS, "").split(" ", -1))
                .filter(founder -> !founder.isEmpty())
                .map(founder -> founder.split("@", 2))
                .map(parts -> new StoreMember(parts[0], parts[1], StoreMember.Role.VOTER))
                .toList();
    }

    private static void write(Path path, Properties identity) throws IOException {
        var text = new StringWriter();
        identity.store(text, null);
        replaceFile(path.resolve(IDENTITY), text.toString());
    }

    /** Puts a file there as a whole or not at all, and makes that survive the loss of power. */
    static void replaceFile(Path file, String content) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try (FileChannel channel = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = StandardCharsets.UTF_8.encode(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        SnapshotFile.forceDirectory(requireNonNull(file.toAbsolutePath().getParent(), "directory"));
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
