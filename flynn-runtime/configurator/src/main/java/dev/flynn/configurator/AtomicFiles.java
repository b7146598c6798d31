package dev.flynn.configurator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Files that are there whole, or as they were before. */
final class AtomicFiles {

    private static final Set<PosixFilePermission> FOR_THE_OWNER = PosixFilePermissions.fromString("rw-------");

    private AtomicFiles() {}

    /** Whoever may read the file may read the new one; a file that was not there is for its owner. */
    static void replace(Path file, String content) {
        try {
            Path absolute = file.toAbsolutePath();
            Set<PosixFilePermission> permissions =
                    Files.exists(absolute) ? Files.getPosixFilePermissions(absolute) : FOR_THE_OWNER;
            Path next = Files.createTempFile(
                    absolute.getParent(), ".next", "", PosixFilePermissions.asFileAttribute(FOR_THE_OWNER));
            try {
                Files.writeString(next, content);
                Files.setPosixFilePermissions(next, permissions);
                Files.move(next, absolute, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(next);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("%s cannot be written (%s)".formatted(file, e.getMessage()), e);
        }
    }
}
