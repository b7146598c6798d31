package dev.flynn.containers.process;

import dev.flynn.api.error.FlynnException;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The program that runs one command, reports how it ended, and leaves no process of it behind.
 *
 * @param script where it is installed
 * @param starter starts every process: the kernel tells a supervisor of its parent's death when the thread that started it
 *     ends
 */
record Supervisor(Path script, ExecutorService starter) {

    static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /** Of the main process of a job, from the files in its directory. */
    ProcessBuilder ofJob(JobDirectory directory, String descriptors, String terminal) {
        return builder(directory, List.of(descriptors, terminal));
    }

    /** Of a command beside the main process of a job, from its standard input. */
    ProcessBuilder ofCommand(JobDirectory directory, String descriptors) {
        return builder(directory, List.of(descriptors, "-", "exec"));
    }

    private ProcessBuilder builder(JobDirectory directory, List<String> arguments) {
        List<String> line = new ArrayList<>(List.of(
                "perl",
                script.toString(),
                directory.path().toString(),
                String.valueOf(ProcessHandle.current().pid()),
                System.getProperty("os.arch")));
        line.addAll(arguments);
        var builder = new ProcessBuilder(line).directory(directory.path().toFile());
        builder.environment().clear();
        builder.environment().put("PATH", PATH);
        return builder;
    }

    /** Starts a process even if the caller is interrupted, so that none is left which nobody follows. */
    Process start(ProcessBuilder builder) throws IOException {
        try {
            return CompletableFuture.supplyAsync(() -> begin(builder), starter).join();
        } catch (RejectedExecutionException e) {
            throw new IOException("the backend is closed", e);
        } catch (CompletionException e) {
            throw new IOException("cannot start its supervisor: " + reason(e), e);
        }
    }

    private static Process begin(ProcessBuilder builder) {
        try {
            return builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static @Nullable String reason(CompletionException e) {
        Throwable cause = e.getCause() instanceof UncheckedIOException unchecked ? unchecked.getCause() : e.getCause();
        return cause == null ? e.getMessage() : cause.getMessage();
    }

    static File nothing() {
        return new File("/dev/null");
    }

    /** The JDK can send TERM and KILL only; the shell's own kill sends the rest. */
    static void send(String signal, long pid) {
        try {
            new ProcessBuilder("/bin/sh", "-c", "kill -" + signal + " " + pid + " 2>/dev/null")
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw FlynnException.unavailable("cannot send signal " + signal, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
