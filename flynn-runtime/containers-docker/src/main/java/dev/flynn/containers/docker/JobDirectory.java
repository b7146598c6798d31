package dev.flynn.containers.docker;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.JobId;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is kept of a job on disk from when it is accepted until it is forgotten; its spec may have secrets. */
final class JobDirectory {

    private static final FlynnJson JSON = new FlynnJson();

    private final Path path;

    private JobDirectory(Path path) {
        this.path = path;
    }

    static JobDirectory of(Path jobs, JobId id) {
        return new JobDirectory(jobs.resolve(id.value()));
    }

    static JobDirectory at(Path path) {
        return new JobDirectory(path);
    }

    /** Accepts a job: from here on it is known. */
    void create(JobSpec spec, JobStatus status) throws IOException {
        Files.createDirectories(
                path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        write("status.json", JSON.write(status));
        write("spec.json", JSON.write(spec));
    }

    /** The spec that was accepted; empty if it was not quite. */
    Optional<JobSpec> spec() throws IOException {
        return read("spec.json").map(text -> JSON.read(text, JobSpec.class));
    }

    Optional<JobStatus> status() throws IOException {
        return read("status.json").map(text -> JSON.read(text, JobStatus.class));
    }

    void writeStatus(JobStatus status) throws IOException {
        write("status.json", JSON.write(status));
    }

    /** How much of its output was delivered. */
    Path progress() {
        return path.resolve("progress");
    }

    /** What the job may change of its own of what it mounts. */
    Path copies() {
        return path.resolve("copies");
    }

    private Optional<String> read(String name) throws IOException {
        try {
            return Optional.of(Files.readString(path.resolve(name)));
        } catch (NoSuchFileException absent) {
            return Optional.empty();
        }
    }

    private void write(String name, String text) throws IOException {
        Path written = path.resolve(name + ".new");
        Files.writeString(written, text);
        Files.move(written, path.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    void delete() throws IOException {
        deleteTree(path);
    }

    /** Deletes a directory with everything in it, without following links; what is gone already is fine. */
    static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
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
