package dev.flynn.containers.oci;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Creates containers through conmon, which stays with each of them and does not need this process. */
record Conmon(OciTools tools, Layout layout, Starter starter, FlynnJson json) {

    private static final int KILL_ATTEMPTS = 2000;
    private static final long KILL_PAUSE_NANOS = 1_000_000;
    private static final Pattern MESSAGE = Pattern.compile("msg=\"(.*)\"", Pattern.DOTALL);

    /**
     * What conmon hands on to the runtime, a program in Go that lives for a moment: it is gone before it needs to collect garbage,
     * and one thread at a time wakes no others. That saves 2 ms of the 28 ms of CPU that it takes. The container has none of it.
     */
    static final Map<String, String> RUNTIME = Map.of("GOGC", "off", "GOMAXPROCS", "1");

    /**
     * Creates the container of a bundle; its main process waits to be released.
     *
     * @throws Starter.GoneException nobody knows whether there is one
     * @throws IOException with what the runtime said
     */
    Created create(JobSpec spec, JobDirectory directory) throws IOException, InterruptedException {
        Starter.Monitor conmon = starter.start(directory, commandLine(spec, directory));
        String answer = conmon.answer();
        JsonNode said = answer.isEmpty() ? null : json.readTree(answer);
        if (said == null || said.path("data").asLong(-1) <= 0) {
            throw new IOException("the container cannot be created: "
                    + (said == null
                            ? messages(directory)
                            : said.path("message").asText("for no reason told").strip()));
        }
        return new Created(conmon, directory, said.path("data").asLong());
    }

    /**
     * A container whose main process waits.
     *
     * @param pid of the main process
     */
    record Created(Starter.Monitor conmon, JobDirectory directory, long pid) {

        /** Releases the main process; returns when it is, or cannot be any more. */
        void release() throws IOException, InterruptedException {
            try {
                conmon.release(Gate.pipe(directory));
                Gate.opened(directory);
            } catch (Starter.GoneException killed) {
                Gate.openAgain(directory, pid);
            }
        }
    }

    /** Kills the conmon of a job and waits until it is gone: it would write down how the container ended. */
    static void kill(long pid, JobId job) {
        for (int attempt = 0; attempt < KILL_ATTEMPTS && isOf(pid, job); attempt++) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
            LockSupport.parkNanos(KILL_PAUSE_NANOS);
        }
    }

    /** Kills whatever an earlier process began in order to create the container of a job. */
    static void killCreation(JobId job) {
        for (int attempt = 0; attempt < KILL_ATTEMPTS; attempt++) {
            List<ProcessHandle> found = ProcessHandle.allProcesses()
                    .filter(process -> creates(Proc.commandLine(process.pid()), job))
                    .toList();
            if (found.isEmpty()) {
                return;
            }
            found.forEach(ProcessHandle::destroyForcibly);
            LockSupport.parkNanos(KILL_PAUSE_NANOS);
        }
    }

    private static boolean creates(String[] commandLine, JobId job) {
        List<String> words = Arrays.asList(commandLine);
        return words.contains("--cid=" + job) || (words.contains("create") && words.contains(job.value()));
    }

    /** What the runtime means, out of the line of log that it says it with. */
    static String reason(String message) {
        Matcher line = MESSAGE.matcher(message);
        return line.find() ? line.group(1).replace("\\\"", "\"") : message.strip();
    }

    /** Whether a process is the conmon of a job. */
    static boolean isOf(long pid, JobId job) {
        return Arrays.asList(Proc.commandLine(pid)).contains("--cid=" + job);
    }

    private static String messages(JobDirectory directory) throws IOException {
        String text = JobDirectory.text(directory.conmonMessages()).orElse("").strip();
        return text.isEmpty() ? "conmon ended without a word" : text;
    }

    /** Without the runtime. */
    private List<String> commandLine(JobSpec spec, JobDirectory directory) {
        String id = spec.id().value();
        List<String> line = new ArrayList<>(List.of(
                tools.conmon().toString(),
                "--api-version=1",
                "--sync",
                "--cid=" + id,
                "--name=" + id,
                "--cuuid=" + id,
                "--bundle=" + directory.path(),
                "--runtime-arg=--root=" + layout.runtime(),
                "--container-pidfile=" + directory.containerPid(),
                "--exit-dir=" + layout.exits(),
                "--log-path=k8s-file:" + directory.log(),
                "--no-sync-log",
                "--full-attach"));
        if (spec.stdin() || spec.tty().isPresent()) {
            line.add("--stdin");
        }
        if (spec.tty().isPresent()) {
            line.add("--terminal");
        }
        return line;
    }
}
