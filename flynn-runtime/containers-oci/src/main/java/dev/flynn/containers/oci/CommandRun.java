package dev.flynn.containers.oci;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.ExecResult;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One command beside the main process of a job, in a control group of its own, with which all of it is found. */
final class CommandRun {

    private static final Logger log = LoggerFactory.getLogger(CommandRun.class);

    private static final int KEPT_BYTES = 8 * 1024;
    private static final int KILLED = 128 + 9;
    private static final Duration KILL_PATIENCE = Duration.ofSeconds(3);
    private static final Duration OUTPUT_PATIENCE = Duration.ofSeconds(1);
    /** For a job that ends to be seen to end. */
    private static final Duration JOB_PATIENCE = Duration.ofMillis(300);

    private final OciHost host;
    private final JobId job;
    private final Path processFile;
    private final Path pidFile;
    private final Path runtimeLog;
    private final Path config;
    private final String group;
    private final String name;
    private final Tail output = new Tail(KEPT_BYTES);

    /** @param name unique among the commands of the job */
    CommandRun(OciHost host, JobId job, JobDirectory directory, String jobGroup, String name) {
        this.host = host;
        this.job = job;
        this.processFile = directory.path().resolve(name + ".json");
        this.pidFile = directory.path().resolve(name + ".pid");
        this.runtimeLog = directory.path().resolve(name + ".log");
        this.config = directory.config();
        this.group = jobGroup + "/" + name;
        this.name = name;
    }

    /** Empty if it was killed because its job ended. */
    Optional<ExecResult> execute(List<String> command, Duration timeout, CompletableFuture<Void> jobEnds) {
        long deadline = System.nanoTime() + timeout.toNanos();
        try {
            host.controlGroups().create(group);
            try {
                Map<String, Object> process = RuntimeSpec.command(mainProcess(), command);
                Files.write(processFile, host.json().writeBytes(process));
                return run(deadline, jobEnds);
            } finally {
                host.controlGroups().delete(group);
                Files.deleteIfExists(processFile);
                Files.deleteIfExists(pidFile);
                Files.deleteIfExists(runtimeLog);
            }
        } catch (IOException e) {
            if (jobEnds.isDone() || Files.notExists(config)) {
                return Optional.empty();
            }
            throw FlynnException.unavailable("cannot run a command in job " + job + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted while a command ran in job " + job, e);
        }
    }

    private Map<String, Object> mainProcess() throws IOException {
        JsonNode process = host.json().readTree(Files.readString(config)).path("process");
        @SuppressWarnings("unchecked") // a JSON object is one
        Map<String, Object> read = host.json().convert(process, Map.class);
        return read;
    }

    private Optional<ExecResult> run(long deadline, CompletableFuture<Void> jobEnds)
            throws IOException, InterruptedException {
        Process runtime = Shell.builder(commandLine()).redirectErrorStream(true).start();
        Future<?> reader = host.workers().submit(() -> read(runtime.getInputStream()));
        boolean inTime = false;
        try {
            inTime = awaitEnd(runtime, deadline, jobEnds);
        } finally {
            host.controlGroups().kill(group);
            if (!inTime && !runtime.waitFor(KILL_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                runtime.destroyForcibly();
                host.controlGroups().kill(group);
            }
        }
        awaitOutput(reader);
        if (inTime && runtime.exitValue() == KILLED) {
            awaitEndOfJob(jobEnds);
        }
        if (jobEnds.isDone()) {
            return Optional.empty();
        }
        return Optional.of(inTime ? ended(runtime.exitValue()) : ExecResult.tookTooLong(output.text()));
    }

    private List<String> commandLine() {
        return List.of(
                "perl",
                host.layout().execScript().toString(),
                System.getProperty("os.arch", ""),
                pidFile.toString(),
                host.conmon().tools().runtime().toString(),
                "--root=" + host.layout().runtime(),
                "--log=" + runtimeLog,
                "--log-format=json",
                "exec",
                "--detach",
                "--pid-file=" + pidFile,
                "--process=" + processFile,
                "--cgroup=" + host.controlGroups().within(name),
                job.value());
    }

    /** True if the command ended by itself. */
    private static boolean awaitEnd(Process process, long deadline, CompletableFuture<Void> jobEnds)
            throws InterruptedException {
        try {
            CompletableFuture.anyOf(process.onExit(), jobEnds)
                    .get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException tookTooLong) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("nobody fails these", e);
        }
        return !process.isAlive();
    }

    /** What killed the command may have been the end of its job. */
    private static void awaitEndOfJob(CompletableFuture<Void> jobEnds) throws InterruptedException {
        try {
            jobEnds.get(JOB_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException goesOn) {
            log.atDebug().log("a command was killed, its job goes on");
        }
    }

    private void read(InputStream stream) {
        byte[] buffer = new byte[KEPT_BYTES];
        try (stream) {
            for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
                output.write(buffer, count);
            }
        } catch (IOException closed) {
            log.atDebug().setCause(closed).log("output of a command ended");
        }
    }

    private static void awaitOutput(Future<?> reader) throws InterruptedException {
        try {
            reader.get(OUTPUT_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException somebodyElseHasItOpen) {
            log.atDebug().setCause(somebodyElseHasItOpen).log("output of a command does not end");
        }
    }

    /** What the runtime itself has to say is not in the output. */
    private ExecResult ended(int exitStatus) throws IOException {
        String said = JobDirectory.text(runtimeLog).orElse("");
        Optional<String> failure = said.lines()
                .map(host.json()::readTree)
                .filter(line -> line.path("level").asText().equals("error"))
                .map(line -> line.path("msg").asText())
                .filter(message -> message.contains("exec failed"))
                .findFirst();
        if (failure.isEmpty()) {
            return ExecResult.ended(exitStatus, output.text());
        }
        String message = failure.get();
        if (message.contains("no such file")
                || message.contains("not found")
                || message.contains("permission denied")) {
            return ExecResult.ended(ExecResult.NO_PROGRAM, message);
        }
        throw new IOException(message);
    }
}
