package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Tells programs that wait for this one; for its owner only. */
final class ReadyFile {

    private ReadyFile() {}

    /** Whoever waits for the file finds it whole. */
    static void write(Path file, String text) {
        try {
            Path target = file.toAbsolutePath();
            Path partial = Files.createTempFile(target.getParent(), "ready", ".new");
            Files.writeString(partial, text);
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw FlynnException.unavailable("cannot write the ready file " + file + ": " + e, e);
        }
    }
}
