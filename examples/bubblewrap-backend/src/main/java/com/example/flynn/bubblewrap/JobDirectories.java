package com.example.flynn.bubblewrap;

import dev.flynn.api.id.JobId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** The directory of the backend, which only its owner can enter, with one directory for each job. */
final class JobDirectories {

    /** In the environment of each bwrap: the directory of its job. */
    static final String MARK = "FLYNN_JOB_DIRECTORY";

    private final Path root;
    private final Path jobs;

    private JobDirectories(Path root) throws IOException {
        this.root = root;
        this.jobs = Files.createDirectories(root.resolve("jobs"));
        Files.setPosixFilePermissions(jobs, PosixFilePermissions.fromString("rwx------"));
    }

    /** Takes away what an earlier backend left here when it was killed. */
    static JobDirectories open(Path directory) throws IOException {
        var directories = new JobDirectories(Files.createDirectories(directory).toRealPath());
        directories.endLeftProcesses();
        try (var left = Files.newDirectoryStream(directories.jobs)) {
            for (Path job : left) {
                new JobDirectory(job).delete();
            }
        }
        return directories;
    }

    /**
     * bwrap dies with its parent, and its sandbox with it. Only one that was being started when its parent was killed has not
     * said yet that it will.
     */
    private void endLeftProcesses() {
        String mark = MARK + "=" + jobs + "/";
        ProcessHandle.allProcesses()
                .filter(process -> environment(process).contains(mark))
                .forEach(ProcessHandle::destroyForcibly);
    }

    private static String environment(ProcessHandle process) {
        try {
            return new String(
                    Files.readAllBytes(Path.of("/proc", String.valueOf(process.pid()), "environ")),
                    StandardCharsets.UTF_8);
        } catch (IOException goneOrAnotherUsers) {
            return "";
        }
    }

    JobDirectory of(JobId job) {
        return new JobDirectory(jobs.resolve(job.value()));
    }

    /** A file that all jobs share. */
    Path file(String name) {
        return root.resolve(name);
    }

    void write(String name, String text) throws IOException {
        Files.writeString(file(name), text);
        Files.setPosixFilePermissions(file(name), PosixFilePermissions.fromString("rw-r--r--"));
    }

    boolean ownedByRoot() throws IOException {
        return Files.getAttribute(jobs, "unix:uid").equals(0);
    }
}
