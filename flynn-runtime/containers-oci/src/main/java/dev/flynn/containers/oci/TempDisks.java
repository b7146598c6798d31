package dev.flynn.containers.oci;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Limits how much a job writes to its own file system, by giving it a file system of that size in a sparse file. That is the
 * same on every file system of the host, needs nothing set up, and what the job writes does not count as its memory.
 */
final class TempDisks {

    private static final long SMALLEST_BYTES = 1 << 20;
    private static final int UNMOUNT_ATTEMPTS = 100;
    private static final long UNMOUNT_PAUSE_MILLIS = 20;

    /** No journal and nothing kept free: what is written need not survive anything. */
    private static final String MAKE =
            "truncate -s \"$0\" \"$1\" && mkfs.ext4 -q -F -m 0 -O ^has_journal -E lazy_itable_init=1,nodiscard \"$1\""
                    + " && mount -t ext4 -o loop,noinit_itable,nodev,nosuid,noatime,discard \"$1\" \"$2\"";

    private TempDisks() {}

    /** Whether this machine can make them. */
    static boolean arePossible() {
        return Files.exists(Path.of("/dev/loop-control"))
                && OciTools.program("mkfs.ext4").isPresent()
                && OciTools.program("mount").isPresent();
    }

    /** Puts a file system of a size in the place of the job's {@link JobDirectory#disk}. */
    static void make(JobDirectory directory, long bytes) throws IOException {
        long size = Math.max(bytes, SMALLEST_BYTES);
        String said = run(List.of(
                "/bin/sh",
                "-c",
                MAKE,
                String.valueOf(size),
                directory.diskImage().toString(),
                directory.disk().toString()));
        if (!said.isEmpty()) {
            throw new IOException("cannot make a disk of %d MB for the job: %s".formatted(size >> 20, said));
        }
    }

    /** Gives back the disk of a job whose container is gone; a job that has none is fine. */
    static void remove(JobDirectory directory) throws IOException {
        if (!Files.exists(directory.diskImage())) {
            return;
        }
        String said = "";
        for (int attempt = 0; isMounted(directory); attempt++) {
            if (attempt == UNMOUNT_ATTEMPTS) {
                throw new IOException("cannot take the disk of job %s away: %s".formatted(directory.job(), said));
            }
            said = run(List.of("umount", directory.disk().toString()));
            if (!said.isEmpty()) {
                pause();
            }
        }
        Files.deleteIfExists(directory.diskImage());
    }

    private static boolean isMounted(JobDirectory directory) throws IOException {
        return Files.isDirectory(directory.disk())
                && !Files.getAttribute(directory.disk(), "unix:dev")
                        .equals(Files.getAttribute(directory.path(), "unix:dev"));
    }

    /** Runs a program to its end also when interrupted: what it makes is then there to be removed. Empty if it succeeded. */
    private static String run(List<String> command) throws IOException {
        Process process = Shell.builder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    int status = process.waitFor();
                    return status == 0 ? "" : said.isEmpty() ? "exit status " + status : said;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(UNMOUNT_PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
