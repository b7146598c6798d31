package dev.flynn.containers.oci;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;

/** Where everything of the backend is on disk. */
record Layout(Path root) {

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    /** A directory per job that is not down. */
    Path jobs() {
        return root.resolve("jobs");
    }

    /** What conmon wrote down of the jobs' output; flat, so that one watch is enough. */
    Path logs() {
        return root.resolve("logs");
    }

    /** How containers ended, by job; flat too. */
    Path exits() {
        return root.resolve("exits");
    }

    /** The last status of each job that is down and not forgotten. */
    Path down() {
        return root.resolve("down");
    }

    /** What the OCI runtime keeps of each container. */
    Path runtime() {
        return root.resolve("runtime");
    }

    /** Stays empty: root file systems are mounted over it in the containers' own mount namespaces. */
    Path rootfs() {
        return root.resolve("rootfs");
    }

    /** What containers of images of type {@code host} have as {@code /var}. */
    Path hostVar() {
        return root.resolve("host-var");
    }

    /** Short names for the layers of images. */
    Path links() {
        return root.resolve("l");
    }

    /** Waits for commands in containers. */
    Path execScript() {
        return root.resolve("exec.pl");
    }

    /** Is kept to start conmons. */
    Path starterScript() {
        return root.resolve("starter.pl");
    }

    /** What that had to say that is no answer. */
    Path starterMessages() {
        return root.resolve("starter.log");
    }

    void create() throws IOException {
        Files.createDirectories(root);
        Files.setPosixFilePermissions(root, OWNER_ONLY);
        for (Path file : new Path[] {execScript(), starterScript()}) {
            String name = file.getFileName().toString();
            try (InputStream script = Layout.class.getResourceAsStream(name)) {
                Trees.write(file, Objects.requireNonNull(script, name).readAllBytes());
            }
        }
        for (Path directory : new Path[] {jobs(), logs(), exits(), down(), runtime(), rootfs()}) {
            Files.createDirectories(directory);
        }
    }
}
