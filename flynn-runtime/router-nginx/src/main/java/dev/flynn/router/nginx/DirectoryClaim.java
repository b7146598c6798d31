package dev.flynn.router.nginx;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A directory that one router has for itself, in this program and among all others, until this is closed or the program ends.
 *
 * <p>A lock on a file tells programs from each other, and goes when a program dies. Within one program it tells nothing, and
 * whoever tried it a second time would lose it; so a note beside it says which program has it.
 */
final class DirectoryClaim implements AutoCloseable {

    private final Path directory;
    private final FileChannel channel;

    private DirectoryClaim(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /** @throws FlynnException {@code VALIDATION} if another router has it */
    static DirectoryClaim of(Path directory) {
        return tryOf(directory)
                .orElseThrow(() -> FlynnException.invalid(
                        "another router uses the directory %s; give each router one of its own".formatted(directory)));
    }

    /**
     * One of the numbered directories below another one: the first that nobody has. What is left over in those that nobody has
     * any more is ended.
     */
    static DirectoryClaim firstFree(Path parent) {
        PrivateFiles.directory(parent);
        Optional<DirectoryClaim> free = Optional.empty();
        for (Path known : numbered(parent)) {
            Optional<DirectoryClaim> claim = tryOf(known);
            claim.ifPresent(unused -> NginxProcess.endLeftOver(known));
            if (free.isEmpty()) {
                free = claim;
            } else {
                claim.ifPresent(DirectoryClaim::close);
            }
        }
        for (int number = 0; free.isEmpty(); number++) {
            Path next = parent.resolve(Integer.toString(number));
            free = Files.exists(next) ? Optional.empty() : tryOf(next);
        }
        return free.get();
    }

    private static List<Path> numbered(Path parent) {
        List<Path> numbered = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(parent, "[0-9]*")) {
            all.forEach(numbered::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return numbered.stream().sorted().toList();
    }

    private static Optional<DirectoryClaim> tryOf(Path directory) {
        synchronized (DirectoryClaim.class) {
            try {
                PrivateFiles.directory(directory);
                if (note(directory).equals(Optional.of(thisProgram()))) {
                    return Optional.empty();
                }
                FileChannel channel = FileChannel.open(
                        directory.resolve("lock"),
                        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                FileLock lock = channel.tryLock();
                if (lock == null) {
                    channel.close();
                    return Optional.empty();
                }
                PrivateFiles.write(noteFile(directory), thisProgram());
                return Optional.of(new DirectoryClaim(directory, channel));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static Optional<String> note(Path directory) throws IOException {
        Path file = noteFile(directory);
        return Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
    }

    private static Path noteFile(Path directory) {
        return directory.resolve("owner");
    }

    /** A number alone may be another program's after a restart of the machine. */
    private static String thisProgram() {
        ProcessHandle self = ProcessHandle.current();
        return self.pid() + " since "
                + self.info().startInstant().map(Object::toString).orElse("its start");
    }

    Path directory() {
        return directory;
    }

    @Override
    public void close() {
        synchronized (DirectoryClaim.class) {
            try (channel) {
                if (channel.isOpen()) {
                    Files.deleteIfExists(noteFile(directory));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
