package dev.flynn.containers.process;

import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The files of one job: its home, its scratch space, and what its supervisor reads and writes. */
record JobDirectory(Path path) {

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

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
        Files.createDirectory(path, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        Files.createDirectory(app());
        Files.createDirectory(tmp());
    }

    /** Copies what is in a directory of the host into {@link #app}; interrupted, it fails. */
    void copyToApp(Path source) throws IOException {
        Path said = path.resolve("copying");
        Process copy = new ProcessBuilder("cp", "-a", "--reflink=auto", "--", source + "/.", app() + "/")
                .redirectInput(Supervisor.nothing())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        try {
            if (copy.waitFor() != 0) {
                throw new IOException("cannot copy %s into the job: %s"
                        .formatted(source, Files.readString(said).strip()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while %s was copied into the job".formatted(source), e);
        } finally {
            copy.destroyForcibly();
        }
    }

    void writeCommand(List<String> command) throws IOException {
        writeItems("command", command);
    }

    void writeEnvironment(Map<String, String> environment) throws IOException {
        List<String> items = new ArrayList<>();
        for (Map.Entry<String, String> variable : environment.entrySet()) {
            if (variable.getKey().isEmpty() || variable.getKey().indexOf('=') >= 0) {
                throw new IOException(
                        "environment variable \"%s\" has a name that no process can have".formatted(variable.getKey()));
            }
            items.add(variable.getKey() + "=" + variable.getValue());
        }
        writeItems("env", items);
    }

    private void writeItems(String name, List<String> items) throws IOException {
        var text = new StringBuilder();
        for (String item : items) {
            if (item.indexOf(0) >= 0) {
                throw new IOException("the %s of the job has a NUL, which no process can be given".formatted(name));
            }
            text.append(item).append('\0');
        }
        Files.write(path.resolve(name), text.toString().getBytes(StandardCharsets.UTF_8));
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

    /** How the supervisor says that the job ended; empty if it was ended itself before it could. */
    Optional<JobStatus> ended(JobStatus running, Instant now) {
        String text;
        try {
            text = new String(Files.readAllBytes(path.resolve("status")), StandardCharsets.UTF_8).strip();
        } catch (IOException unreported) {
            return Optional.empty();
        }
        String[] words = text.split(" ", 2);
        return switch (words[0]) {
            case "exit" -> Optional.of(running.exited(Integer.parseInt(words[1]), now));
            case "signal" -> Optional.of(running.signalled(Integer.parseInt(words[1]), now));
            case "error" -> Optional.of(running.failed(words[1], now));
            default -> Optional.empty();
        };
    }

    void delete() throws IOException {
        deleteTree(path);
    }

    /** Deletes a directory with everything in it, without following links; what is gone already is fine. */
    static void deleteTree(Path root) throws IOException {
        if (Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
            deleteTree(root, new HashSet<>());
        }
    }

    /** @param unlocked directories that could not be read and were made readable */
    private static void deleteTree(Path root, Set<Path> unlocked) throws IOException {
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
                if (failure instanceof AccessDeniedException && unlocked.add(file)) {
                    Files.setPosixFilePermissions(file, OWNER_ONLY);
                    deleteTree(file, unlocked);
                    return FileVisitResult.CONTINUE;
                }
                throw failure;
            }

            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                Files.setPosixFilePermissions(directory, OWNER_ONLY);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e) throws IOException {
                Files.deleteIfExists(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
