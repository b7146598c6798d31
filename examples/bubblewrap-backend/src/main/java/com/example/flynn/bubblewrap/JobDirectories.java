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
        endProcessesOf(directories.jobs + "/");
        try (var left = Files.newDirectoryStream(directories.jobs)) {
            for (Path job : left) {
                new JobDirectory(job).delete();
            }
        }
        return directories;
    }

    /**
     * Ends what bwrap has begun of a job's sandbox and cannot take away any more.
     *
     * @param job whose bwrap has ended
     */
    void endProcessesOf(JobDirectory job) {
        endProcessesOf(job.path() + "\0"); // which ends a variable: other jobs' names may begin alike
    }

    /**
     * bwrap dies with its parent, and its sandbox with it. Only one that was just being made when its parent was killed has
     * not said yet that it will, and waits for that parent for good. It still has bwrap's environment.
     */
    private static void endProcessesOf(String directories) {
        String mark = MARK + "=" + directories;
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
