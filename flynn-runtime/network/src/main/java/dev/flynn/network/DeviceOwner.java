package dev.flynn.network;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Whose the devices are that hosts make: the alias of a device names the directory of its host, in which a file is locked
 * while that host runs. So what a killed host has left is told from what another one uses.
 */
final class DeviceOwner implements AutoCloseable {

    private static final String LOCK = "lock";
    static final String MARK = "flynn";
    private static final Pattern ALIAS = Pattern.compile("\\balias " + MARK + "(?::(\\S+))?(?=\\s|\\\\|$)");

    private final Path directory;
    private final FileChannel channel;
    private final @Nullable FileLock lock;

    private DeviceOwner(Path directory, FileChannel channel, @Nullable FileLock lock) {
        this.directory = directory;
        this.channel = channel;
        this.lock = lock;
    }

    /** Speaks for the host with this directory, until it is closed. */
    static DeviceOwner of(Path directory) throws IOException {
        Path file = Files.createDirectories(directory).resolve(LOCK);
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        return new DeviceOwner(directory, channel, tryLock(channel).orElse(null));
    }

    /** What the devices of this host are marked with. */
    String alias() {
        return MARK + ":" + directory;
    }

    /** Whether this host has made this device. */
    boolean isOwner(String shown) {
        Matcher alias = ALIAS.matcher(shown);
        return alias.find() && directory.toString().equals(alias.group(1));
    }

    /** Whether a host has made this device, this one or another. */
    static boolean isMarked(String shown) {
        return ALIAS.matcher(shown).find();
    }

    /**
     * The directory of another host that made this device, and may come back if it does not run.
     *
     * @param shown what {@code ip link show} prints of it
     */
    Optional<Path> other(String shown) {
        Matcher alias = ALIAS.matcher(shown);
        return alias.find() && alias.group(1) != null && !isOwner(shown)
                ? Optional.of(Path.of(alias.group(1))).filter(other -> Files.exists(other.resolve(LOCK)))
                : Optional.empty();
    }

    /** @throws FlynnException {@code CONFLICT} if another host that runs uses this device */
    void requireNoOther(String device, String shown) {
        other(shown).filter(other -> isLocked(other.resolve(LOCK))).ifPresent(other -> {
            throw FlynnException.conflict(
                    "the interface %s belongs to another flynn-host on this machine, which runs in %s; give each its own --bridge-name, --network, --vni and --network-port"
                            .formatted(device, other));
        });
    }

    private static boolean isLocked(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            return tryLock(channel).isEmpty();
        } catch (IOException gone) {
            return false;
        }
    }

    /** The lock goes with its channel. */
    private static Optional<FileLock> tryLock(FileChannel channel) throws IOException {
        try {
            return Optional.ofNullable(channel.tryLock());
        } catch (OverlappingFileLockException held) {
            return Optional.empty();
        }
    }

    /** Ends this object, and forgets the host. */
    void remove() throws IOException {
        close();
        Files.deleteIfExists(directory.resolve(LOCK));
    }

    @Override
    public void close() {
        try {
            if (lock != null && lock.isValid()) {
                lock.release();
            }
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot release " + directory, e);
        }
    }
}
