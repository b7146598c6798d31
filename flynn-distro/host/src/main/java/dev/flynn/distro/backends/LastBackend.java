package dev.flynn.distro.backends;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/** The file in which a host keeps the name of the backend whose jobs outlive it. */
final class LastBackend {

    private static final String FILE = "backend";

    private LastBackend() {}

    static Optional<String> read(Path root) {
        try {
            return Optional.of(Files.readString(root.resolve(FILE)).strip());
        } catch (NoSuchFileException never) {
            return Optional.empty();
        } catch (IOException e) {
            throw FlynnException.unavailable("cannot read " + root.resolve(FILE) + ": " + e, e);
        }
    }

    static void write(Path root, String name) {
        if (read(root).equals(Optional.of(name))) {
            return;
        }
        try {
            Path fresh = root.resolve(FILE + ".new");
            Files.writeString(fresh, name + "\n");
            Files.move(fresh, root.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw FlynnException.unavailable("cannot write " + root.resolve(FILE) + ": " + e, e);
        }
    }
}
