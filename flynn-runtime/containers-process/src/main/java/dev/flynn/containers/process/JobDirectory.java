package dev.flynn.containers.process;

import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalLong;

/** The files of one job: its home, its scratch space, and what its supervisor reads and writes. */
record JobDirectory(Path path) {

    static JobDirectory of(Path jobs, JobId id) {
        return new JobDirectory(jobs.resolve(id.value()));
    }

    /** Home and working directory of the process. */
    Path app() {
        return path.resolve("app");
    }

    Path tmp() {
        return path.resolve("tmp");
    }

    void create() throws IOException {
        var ownerOnly = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        Files.createDirectory(path, ownerOnly);
        Files.createDirectory(app());
        Files.createDirectory(tmp());
    }

    void writeEnvironment(Map<String, String> environment) throws IOException {
        var text = new StringBuilder();
        environment.forEach((name, value) -> {
            if (name.isEmpty() || name.indexOf('=') >= 0 || name.indexOf(0) >= 0 || value.indexOf(0) >= 0) {
                throw new UncheckedIOException(new IOException(
                        "environment variable \"%s\" has a name or value that no process can have".formatted(name)));
            }
            text.append(name).append('=').append(value).append('\0');
        });
        Files.writeString(path.resolve("env"), text);
    }

    void writeWindowSize(TerminalSize size) throws IOException {
        Files.writeString(path.resolve("winsize"), size.lines() + "x" + size.columns() + "\n");
    }

    /** The job's main process, once it was started. */
    OptionalLong mainProcess() {
        try {
            String text = Files.readString(path.resolve("pid")).strip();
            return text.isEmpty() ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text));
        } catch (IOException notStarted) {
            return OptionalLong.empty();
        }
    }

    /** How the supervisor says that the job ended. */
    JobStatus ended(JobStatus running, Instant now) {
        String text;
        try {
            text = Files.readString(path.resolve("status"), StandardCharsets.UTF_8)
                    .strip();
        } catch (IOException unreported) {
            return running.failed("its supervisor was killed", now);
        }
        String[] words = text.split(" ", 2);
        return switch (words[0]) {
            case "exit" -> running.exited(Integer.parseInt(words[1]), now);
            case "signal" -> running.signalled(Integer.parseInt(words[1]), now);
            default -> running.failed(words[words.length - 1], now);
        };
    }

    void delete() throws IOException {
        deleteTree(path);
    }

    /** Deletes a directory with everything in it, without following links; what is gone already is fine. */
    static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
                if (failure instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw failure;
            }

            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @org.jspecify.annotations.Nullable IOException e)
                    throws IOException {
                Files.deleteIfExists(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
