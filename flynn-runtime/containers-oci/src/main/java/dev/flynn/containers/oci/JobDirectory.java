package dev.flynn.containers.oci;

import dev.flynn.api.id.JobId;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/** The files of one job: the bundle of its container, what it wrote to its image, and where its life stands. */
record JobDirectory(JobId job, Path path, Layout layout) {

    static JobDirectory of(Layout layout, JobId job) {
        return new JobDirectory(job, layout.jobs().resolve(job.value()), layout);
    }

    Path accepted() {
        return path.resolve("accepted.json");
    }

    Path config() {
        return path.resolve("config.json");
    }

    /** Everything that the job writes, to its image and to private copies; a file system of its own if that is limited. */
    Path disk() {
        return path.resolve("disk");
    }

    /** The file in which the file system of {@link #disk} is, if that is one of its own. */
    Path diskImage() {
        return path.resolve("disk.ext4");
    }

    Path upper() {
        return disk().resolve("upper");
    }

    Path work() {
        return disk().resolve("work");
    }

    Path tmp() {
        return disk().resolve("tmp");
    }

    /** Where the private copy of a mount keeps what the job changes. */
    Path copy(int index) {
        return disk().resolve("copies").resolve(String.valueOf(index));
    }

    /** conmon's, for the size of the terminal and new log files. */
    Path control() {
        return path.resolve("ctl");
    }

    Path containerPid() {
        return path.resolve("pid");
    }

    Path conmonPid() {
        return path.resolve("conmon.pid");
    }

    Path conmonMessages() {
        return path.resolve("conmon.log");
    }

    /** Says that the job's process may run from now on: it is never started again. */
    Path started() {
        return path.resolve("started");
    }

    Path position() {
        return path.resolve("position");
    }

    Path log() {
        return layout.logs().resolve(job.value() + ".log");
    }

    Path exit() {
        return layout.exits().resolve(job.value());
    }

    Path down() {
        return layout.down().resolve(job.value() + ".json");
    }

    Path runtimeState() {
        return layout.runtime().resolve(job.value());
    }

    /** The exit status of the container, 128 and the signal's number if one ended it; empty while it runs. */
    Optional<Integer> exitStatus() {
        if (!Files.exists(exit())) {
            return Optional.empty(); // which is so nearly always
        }
        return number(exit()).stream().mapToObj(status -> (int) status).findFirst();
    }

    /** The number in a small file; empty if there is none. */
    static OptionalLong number(Path file) {
        try {
            String text = Files.readString(file).strip();
            return text.isEmpty() ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text));
        } catch (IOException | NumberFormatException none) {
            return OptionalLong.empty();
        }
    }

    /** Empty if there is no such file. */
    static Optional<String> text(Path file) throws IOException {
        try {
            return Optional.of(Files.readString(file));
        } catch (NoSuchFileException none) {
            return Optional.empty();
        }
    }

    /** Leaves nothing but that the job was accepted. */
    void reset() throws IOException {
        deleteLogs();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
            for (Path entry : entries) {
                if (!entry.equals(accepted())) {
                    Trees.delete(entry);
                }
            }
        }
    }

    /** Deletes everything of the job but how it ended. */
    void delete() throws IOException {
        deleteLogs();
        Trees.delete(path);
    }

    private void deleteLogs() throws IOException {
        Files.deleteIfExists(exit());
        for (String suffix : new String[] {".log", ".log.tmp", ".log.old"}) {
            Files.deleteIfExists(layout.logs().resolve(job.value() + suffix));
        }
    }
}
