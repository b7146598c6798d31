package dev.flynn.containers.docker;

import com.github.dockerjava.api.command.InspectExecResponse;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.container.ExecResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One command inside a container, run on the thread that asked for it.
 *
 * <p>The engine starts it and brings its output. It cannot end it, and does not end what the command leaves behind: all
 * processes of a command have a variable in their environment, by which they are found from outside.
 */
final class CommandRun {

    private static final Pattern NO_PROGRAM = Pattern.compile(
            "^(?:OCI runtime exec failed|OCI runtime error|[^\\n]*exec failed): (?:exec failed: )?(.*)",
            Pattern.DOTALL);
    private static final int KEPT = 64 * 1024;
    private static final int SIGKILL = 128 + 9;
    private static final long CHECK_MILLIS = 20;
    private static final Duration END_PATIENCE = Duration.ofSeconds(5);
    private static final Duration JOB_PATIENCE = Duration.ofMillis(500);

    private final Engine engine;
    private final String container;
    private final long mainProcess;
    private final BooleanSupplier jobRuns;
    private final String variable = "FLYNN_COMMAND=" + UUID.randomUUID();
    private final Tail output = new Tail(KEPT);
    private final FrameDecoder decoder = new FrameDecoder();

    /** @param jobRuns false as soon as the job is known to end */
    CommandRun(Engine engine, String container, long mainProcess, BooleanSupplier jobRuns) {
        this.engine = engine;
        this.container = container;
        this.mainProcess = mainProcess;
        this.jobRuns = jobRuns;
    }

    ExecResult run(List<String> command, Duration timeout) {
        long end = System.nanoTime() + timeout.toNanos();
        try {
            String id = engine.ask(client -> client.execCreateCmd(container)
                    .withCmd(inOneStream(command).toArray(new String[0]))
                    .withEnv(List.of(variable))
                    .withAttachStdout(true)
                    .withAttachStderr(true)
                    .exec()
                    .getId());
            boolean inTime;
            try (EngineConnection connection =
                    engine.upgrade("/exec/" + id + "/start", "{\"Detach\":false,\"Tty\":false}")) {
                inTime = follow(connection, id, end);
            } finally {
                endAll();
            }
            return inTime ? ended(id) : ExecResult.tookTooLong(output.text());
        } catch (NotFoundException | ConflictException e) {
            throw gone(e);
        } catch (DockerException e) {
            if (!jobRuns.getAsBoolean()) {
                throw gone(e);
            }
            throw FlynnException.unavailable("the engine cannot run the command: " + Engine.reason(e), e);
        } catch (EngineAwayException | IOException e) {
            throw FlynnException.unavailable("the command was lost: " + Engine.reason(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted while a command ran", e);
        }
    }

    /**
     * The engine brings standard output and standard error each for itself, in any order; the image's shell, if it has one,
     * makes them one.
     */
    private List<String> inOneStream(List<String> command) {
        Path shell = Path.of("/proc/" + mainProcess + "/root" + TerminalStart.SHELL);
        if (!Files.exists(shell, LinkOption.NOFOLLOW_LINKS)) {
            return command;
        }
        return Stream.concat(Stream.of(TerminalStart.SHELL, "-c", "exec \"$@\" 2>&1", "sh"), command.stream())
                .toList();
    }

    /** Reads until the command ended; false if it took too long. */
    private boolean follow(EngineConnection connection, String id, long end) throws IOException, InterruptedException {
        connection.stopBlocking();
        decode(connection.received());
        long process = process(id);
        ByteBuffer buffer = ByteBuffer.allocate(KEPT);
        boolean inTime = true;
        try (Selector selector = Selector.open()) {
            connection.channel().register(selector, SelectionKey.OP_READ);
            while (true) {
                selector.select(CHECK_MILLIS);
                selector.selectedKeys().clear();
                int count = connection.channel().read(buffer.clear());
                if (count < 0) {
                    return inTime;
                }
                decode(buffer.flip());
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                if (inTime && System.nanoTime() >= end) {
                    inTime = false;
                }
                if (!inTime || !jobRuns.getAsBoolean()) {
                    if (process > 0) {
                        ContainerProcesses.kill(process);
                    }
                    ContainerProcesses.kill(mainProcess, variable);
                } else if (count == 0 && process > 0 && !ContainerProcesses.runs(process)) {
                    ContainerProcesses.kill(mainProcess, variable); // what it left holds its output open
                }
            }
        }
    }

    private long process(String id) {
        Long process = inspect(id).getPidLong();
        return process == null ? 0 : process;
    }

    private void decode(ByteBuffer bytes) {
        decoder.decode(bytes, (kind, piece, last) -> output.write(piece));
    }

    private void endAll() {
        long patience = System.nanoTime() + END_PATIENCE.toNanos();
        while (ContainerProcesses.kill(mainProcess, variable) > 0 && System.nanoTime() < patience) {
            Thread.onSpinWait();
        }
    }

    private ExecResult ended(String id) throws InterruptedException {
        long patience = System.nanoTime() + END_PATIENCE.toNanos();
        InspectExecResponse found = inspect(id);
        while (Boolean.TRUE.equals(found.isRunning()) && System.nanoTime() < patience) {
            Thread.sleep(2);
            found = inspect(id);
        }
        Long status = found.getExitCodeLong();
        if (status == null || (status == SIGKILL && jobEnded())) {
            throw gone(null);
        }
        return result(status.intValue(), output.text());
    }

    /** Engines report what they cannot run as 126, or 127, and what the runtime said in the output. */
    static ExecResult result(int status, String output) {
        Matcher refusal = NO_PROGRAM.matcher(output);
        return (status == 126 || status == ExecResult.NO_PROGRAM) && refusal.find()
                ? ExecResult.ended(
                        ExecResult.NO_PROGRAM, "cannot run " + refusal.group(1).strip())
                : ExecResult.ended(status, output);
    }

    /** The processes of a container end one after the other: the one that was killed may be the first of all. */
    private boolean jobEnded() throws InterruptedException {
        long patience = System.nanoTime() + JOB_PATIENCE.toNanos();
        while (System.nanoTime() < patience) {
            if (!jobRuns.getAsBoolean() || !ContainerProcesses.runs(mainProcess)) {
                return true;
            }
            Thread.sleep(CHECK_MILLIS);
        }
        return false;
    }

    private InspectExecResponse inspect(String id) {
        return engine.ask(client -> client.inspectExecCmd(id).exec());
    }

    private static FlynnException gone(@org.jspecify.annotations.Nullable Throwable cause) {
        return new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "the job does not run, or ended meanwhile", cause);
    }
}
