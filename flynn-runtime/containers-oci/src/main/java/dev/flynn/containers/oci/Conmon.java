package dev.flynn.containers.oci;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.json.FlynnJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Creates containers through conmon, which stays with each of them and does not need this process.
 *
 * @param monitors where a process that moves to the monitors' control group writes its number
 */
record Conmon(OciTools tools, Layout layout, Path monitors, FlynnJson json) {

    private static final int KILL_ATTEMPTS = 2000;
    private static final long KILL_PAUSE_NANOS = 1_000_000;
    private static final Pattern MESSAGE = Pattern.compile("msg=\"(.*)\"", Pattern.DOTALL);

    /**
     * conmon answers on descriptor 3, which the JDK cannot open for it; the shell can, and becomes conmon, so that the number
     * that it writes down is conmon's. It leaves behind a keeper, who moves conmon out of the control group of this process,
     * with which systemd would end it: a move takes the kernel as long as a tenth of the start, and conmon need not wait for it.
     * Then the keeper waits for a line, opens the gate, and says so on descriptor 3. This process must not open it: killed in
     * between, it would take the container with it, which writes to the pipe. The keeper is there before he is needed,
     * because a program that begins only then is another tenth; so he runs none, and leaves it to this process to delete the
     * pipe.
     */
    private static final String SHELL = """
            m=$0 p=$1 gate=$2; shift 2; echo $$ >"$p"
            exec 3>&1 4<&0 >/dev/null </dev/null
            { echo $$ >"$m"; read -r word && read -r byte <"$gate"; echo >&3; } <&4 &
            exec 4<&-; _OCI_SYNCPIPE=3 exec "$@"
            """;

    /**
     * What conmon hands on to the runtime, a program in Go that lives for a moment: it is gone before it needs to collect garbage,
     * and one thread at a time wakes no others. That saves 2 ms of the 28 ms of CPU that it takes. The container has none of it.
     */
    private static final Map<String, String> RUNTIME = Map.of("GOGC", "off", "GOMAXPROCS", "1");

    /**
     * Creates the container of a bundle; its main process waits to be released.
     *
     * @throws IOException with what the runtime said
     */
    Created create(JobSpec spec, JobDirectory directory) throws IOException {
        ProcessBuilder builder = Shell.builder(commandLine(spec, directory));
        builder.environment().putAll(RUNTIME);
        Process conmon = builder.redirectInput(Redirect.PIPE)
                .directory(directory.path().toFile()) // where it leaves a file when memory is used up
                .redirectError(Redirect.to(directory.conmonMessages().toFile()))
                .start();
        var created = new Created(
                conmon, new BufferedReader(new InputStreamReader(conmon.getInputStream(), StandardCharsets.UTF_8)));
        try {
            String line = created.answer.readLine();
            JsonNode said = line == null ? null : json.readTree(line);
            if (said == null || said.path("data").asLong(-1) <= 0) {
                throw new IOException("the container cannot be created: "
                        + (said == null
                                ? messages(directory)
                                : said.path("message")
                                        .asText("for no reason told")
                                        .strip()));
            }
            return created;
        } catch (IOException | RuntimeException e) {
            created.close();
            throw e;
        }
    }

    /**
     * A container whose main process waits. Closing it leaves it so.
     *
     * @param conmon a child of this process
     */
    record Created(Process conmon, BufferedReader answer) implements AutoCloseable {

        /** Releases the main process; returns when it is, or cannot be any more. */
        void release() throws IOException {
            try (OutputStream keeper = conmon.getOutputStream()) {
                keeper.write('\n');
            }
            answer.readLine();
        }

        @Override
        public void close() throws IOException {
            conmon.getOutputStream().close();
            answer.close();
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

    List<String> commandLine(JobSpec spec, JobDirectory directory) {
        String id = spec.id().value();
        List<String> line = new ArrayList<>(List.of(
                "/bin/sh",
                "-c",
                SHELL,
                monitors.toString(),
                directory.conmonPid().toString(),
                Gate.pipe(directory).toString(),
                tools.conmon().toString(),
                "--api-version=1",
                "--sync",
                "--cid=" + id,
                "--name=" + id,
                "--cuuid=" + id,
                "--bundle=" + directory.path(),
                "--runtime=" + tools.runtime(),
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
