package com.example.flynn.bubblewrap;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The files of one job: what it writes, and what bwrap and enter.pl read and write. */
record JobDirectory(Path path) {

    private static final Pattern CHILD = Pattern.compile("\"child-pid\": (\\d+)");
    private static final Pattern EXIT = Pattern.compile("\"exit-code\": (\\d+)");

    /** enter.pl has got so far that only the command itself is missing. */
    private static final String EXEC = "exec\n";

    void create() throws IOException {
        delete();
        Files.createDirectory(path);
        for (Path writable : List.of(app(), tmp())) {
            Files.createDirectory(writable);
            Files.setPosixFilePermissions(writable, PosixFilePermissions.fromString("rwxrwxrwx"));
        }
        Files.createDirectory(path.resolve("copies"));
    }

    /** Is /app, unless the host lays something else there. */
    Path app() {
        return path.resolve("app");
    }

    Path tmp() {
        return path.resolve("tmp");
    }

    /** Copies with owners and rights, on file systems that can do so without copying the bytes. */
    Path copyOf(String source) throws IOException {
        Path copy = Files.createTempDirectory(path.resolve("copies"), "").resolve("copy");
        Commands.run("cp", "-a", "--reflink=auto", source, copy.toString());
        return copy;
    }

    /** In UTF-8, whatever the locale of this JVM says about command lines. */
    void writeItems(String name, List<String> items) throws IOException {
        var text = new StringBuilder();
        for (String item : items) {
            if (item.indexOf('\0') >= 0) {
                throw new IOException("the job has a NUL in \"%s\", which no process can be given"
                        .formatted(item.replace('\0', '?')));
            }
            text.append(item).append('\0');
        }
        Files.writeString(path.resolve(name), text);
    }

    /** Whether the job's own program was reached; it may have failed to run. */
    boolean launched() throws IOException {
        return read("launch").startsWith(EXEC);
    }

    /** Why the job's own program could not be run. */
    Optional<String> launchFailure() throws IOException {
        String text = read("launch");
        return text.startsWith(EXEC) && text.length() > EXEC.length()
                ? Optional.of(text.substring(EXEC.length()).strip())
                : Optional.empty();
    }

    /** The first process of the sandbox; it ends last, and all others with it. */
    OptionalLong init() throws IOException {
        Matcher child = CHILD.matcher(read("status"));
        return child.find() ? OptionalLong.of(Long.parseLong(child.group(1))) : OptionalLong.empty();
    }

    /** As a shell has it: 128 and its number for a signal; empty if bwrap could not set up the sandbox, or was killed. */
    OptionalInt exitCode() throws IOException {
        Matcher exit = EXIT.matcher(read("status"));
        return exit.find() ? OptionalInt.of(Integer.parseInt(exit.group(1))) : OptionalInt.empty();
    }

    private String read(String name) throws IOException {
        Path file = path.resolve(name);
        return Files.exists(file) ? Files.readString(file) : "";
    }

    /** Also what the job made unreadable. */
    void delete() throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Commands.run("chmod", "-R", "u+rwX", path.toString());
        Files.walkFileTree(path, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException failure) throws IOException {
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
