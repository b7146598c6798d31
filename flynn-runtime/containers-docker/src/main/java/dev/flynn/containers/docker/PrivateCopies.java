package dev.flynn.containers.docker;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Directories of the host of which a job has a copy of its own: an overlay on each, whose upper half is in the directory of
 * the job. The engine binds it into the container like any other directory of the host.
 */
final class PrivateCopies {

    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
    private static final int MOUNT_POINT = 4;

    private PrivateCopies() {}

    /** Makes the copy that has this number; the path is what is to be mounted instead. */
    static Path open(Path copies, int number, Path source) throws IOException {
        Path copy = copies.resolve(String.valueOf(number));
        Path merged = copy.resolve("merged");
        if (!Files.isDirectory(source)) {
            Files.createDirectories(copy);
            return Files.copy(source, merged, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
        }
        if (mountsBelow(copy).contains(merged)) {
            return merged;
        }
        for (Path part : List.of(merged, copy.resolve("upper"), copy.resolve("work"))) {
            Files.createDirectories(part);
        }
        like(source, copy.resolve("upper"));
        run(List.of(
                "mount",
                "-t",
                "overlay",
                "-o",
                "lowerdir=" + option(source) + ",upperdir=" + option(copy.resolve("upper")) + ",workdir="
                        + option(copy.resolve("work")),
                "overlay",
                merged.toString()));
        return merged;
    }

    /** The upper directory lends the copy its owner and mode. */
    private static void like(Path source, Path upper) throws IOException {
        for (String attribute : List.of("unix:mode", "unix:uid", "unix:gid")) {
            Files.setAttribute(upper, attribute, Files.getAttribute(source, attribute));
        }
    }

    private static String option(Path path) throws IOException {
        String text = path.toString();
        if (text.contains(",")) {
            throw new IOException("a directory with a comma in its name cannot be copied for a job: " + text);
        }
        return text.replace("\\", "\\\\").replace(":", "\\:");
    }

    /** Ends the copies of a job; there may be none. */
    static void close(Path copies) throws IOException {
        if (!Files.exists(copies)) {
            return;
        }
        for (Path mounted : mountsBelow(copies)) {
            run(List.of("umount", "--lazy", mounted.toString()));
        }
        JobDirectory.deleteTree(copies);
    }

    private static List<Path> mountsBelow(Path directory) throws IOException {
        List<Path> found = new ArrayList<>();
        for (String line : Files.readAllLines(MOUNTS)) {
            Path mounted = Path.of(unescaped(line.split(" ")[MOUNT_POINT]));
            if (mounted.startsWith(directory)) {
                found.add(mounted);
            }
        }
        found.sort(Comparator.comparing(Path::getNameCount).reversed());
        return found;
    }

    private static String unescaped(String field) {
        return field.replace("\\040", " ")
                .replace("\\011", "\t")
                .replace("\\012", "\n")
                .replace("\\134", "\\");
    }

    private static void run(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said;
        process.getOutputStream().close();
        try (InputStream output = process.getInputStream()) {
            said = new String(output.readAllBytes(), StandardCharsets.UTF_8).strip();
        }
        try {
            if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0) {
                throw new IOException(String.join(" ", command) + ": " + said);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
