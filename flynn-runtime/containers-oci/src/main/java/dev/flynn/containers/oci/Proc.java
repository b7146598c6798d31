package dev.flynn.containers.oci;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/** What the kernel tells of processes. */
final class Proc {

    private Proc() {}

    static Optional<String> text(Path file) {
        try {
            return Optional.of(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
        } catch (IOException gone) {
            return Optional.empty();
        }
    }

    /** Differs after each boot of the machine. */
    static String bootId() {
        return text(Path.of("/proc/sys/kernel/random/boot_id")).orElse("").strip();
    }

    /** The words of its command line; empty if it is gone. */
    static String[] commandLine(long pid) {
        return text(Path.of("/proc/" + pid + "/cmdline"))
                .map(line -> line.split("\0"))
                .orElse(new String[0]);
    }

    /** The child of a process that it started first. */
    static OptionalLong firstChild(long pid) {
        String children = text(Path.of("/proc/" + pid + "/task/" + pid + "/children"))
                .orElse("")
                .strip();
        return children.isEmpty() ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(children.split(" ")[0]));
    }
}
