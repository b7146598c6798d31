package dev.flynn.containers.process;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.container.ExecResult;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One command beside the main process of a job, under a supervisor of its own. Nothing is written to disk for it. */
final class CommandRun {

    private static final Logger log = LoggerFactory.getLogger(CommandRun.class);

    private static final int KEPT_BYTES = 8 * 1024;
    private static final int SIGNALLED = 128;
    private static final Duration KILL_PATIENCE = Duration.ofSeconds(3);
    private static final Duration OUTPUT_PATIENCE = Duration.ofSeconds(1);

    private final Supervisor supervisor;
    private final ProcessBuilder builder;
    private final byte[] input;
    private final ExecutorService readers;
    private final Tail output = new Tail(KEPT_BYTES);

    /** @param readers runs what reads the output */
    CommandRun(Supervisor supervisor, ProcessBuilder builder, byte[] input, ExecutorService readers) {
        this.supervisor = supervisor;
        this.builder = builder;
        this.input = input;
        this.readers = readers;
    }

    /** What its supervisor is told. */
    static byte[] input(List<String> command, Map<String, String> environment) {
        var text = new StringBuilder();
        text.append(command.size()).append('\0');
        command.forEach(word -> text.append(word).append('\0'));
        environment.forEach(
                (name, value) -> text.append(name).append('=').append(value).append('\0'));
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Empty if it was killed because its job ended. */
    Optional<ExecResult> execute(Duration timeout, CompletableFuture<Void> jobEnds) {
        long deadline = System.nanoTime() + timeout.toNanos();
        try {
            Process process = supervisor.start(builder);
            Future<?> reader = readers.submit(() -> read(process.getInputStream()));
            try {
                return follow(process, reader, deadline, jobEnds);
            } finally {
                process.destroyForcibly();
                reader.cancel(true);
            }
        } catch (IOException e) {
            throw FlynnException.unavailable("cannot run a command in a job: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted while a command ran in a job", e);
        }
    }

    private Optional<ExecResult> follow(
            Process process, Future<?> reader, long deadline, CompletableFuture<Void> jobEnds)
            throws IOException, InterruptedException {
        boolean inTime = false;
        try {
            tell(process);
            inTime = awaitEnd(process, deadline, jobEnds);
        } finally {
            kill(process);
        }
        awaitOutput(reader);
        if (jobEnds.isDone()) {
            return Optional.empty();
        }
        return Optional.of(inTime ? ended(process) : ExecResult.tookTooLong(output.text()));
    }

    private void tell(Process process) {
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(input);
        } catch (IOException e) {
            log.atDebug().setCause(e).log("a supervisor did not listen; how it ended says why");
        }
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

    /** Has the supervisor kill the command and everything that it started. */
    private static void kill(Process process) throws InterruptedException {
        if (!process.isAlive()) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        Supervisor.send("USR2", process.pid());
        if (!process.waitFor(KILL_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
            log.atWarn().addKeyValue("pid", process.pid()).log("a command in a job cannot be killed");
        }
        if (interrupted) {
            throw new InterruptedException();
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

    private ExecResult ended(Process process) throws IOException {
        String report = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        String[] words = report.substring(report.lastIndexOf('\n') + 1).split(" ", 2);
        return switch (words[0]) {
            case "exit" -> ExecResult.ended(Integer.parseInt(words[1]), output.text());
            case "signal" -> ExecResult.ended(SIGNALLED + Integer.parseInt(words[1]), output.text());
            case "error" -> ExecResult.ended(ExecResult.NO_PROGRAM, words[1]);
            default -> throw new IOException("its supervisor was killed " + report);
        };
    }
}
