package dev.flynn.volumes;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** Runs a program of the machine to its end; one that fails is an error that carries what it said. */
final class Programs {

    private static final int ERROR_LENGTH = 1000;

    private Programs() {}

    static void run(List<String> line) throws IOException {
        run(line, InputStream.nullInputStream(), OutputStream.nullOutputStream());
    }

    /** What it printed. */
    static String read(List<String> line) throws IOException {
        var printed = new ByteArrayOutputStream();
        run(line, InputStream.nullInputStream(), printed);
        return printed.toString(StandardCharsets.UTF_8);
    }

    /** Memory is bounded, however much goes in and out. */
    static void run(List<String> line, InputStream in, OutputStream out) throws IOException {
        Process process = new ProcessBuilder(line).start();
        try {
            CompletableFuture<String> errors = beside(() -> text(process.getErrorStream()));
            CompletableFuture<Boolean> input = beside(() -> feed(process, in));
            process.getInputStream().transferTo(out);
            int status = process.waitFor();
            String said = errors.join().strip();
            if (status != 0) {
                throw new IOException("%s failed with status %d: %s".formatted(line.get(0), status, said));
            }
            input.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException("%s was not given its input: %s".formatted(line.get(0), cause.getMessage()), cause);
        } finally {
            process.destroyForcibly();
        }
    }

    /** On a thread of its own, since it waits for the other side: a shared pool might have none for that. */
    private static <T> CompletableFuture<T> beside(Supplier<T> work) {
        return CompletableFuture.supplyAsync(work, task -> {
            var thread = new Thread(task, "volumes-stream");
            thread.setDaemon(true);
            thread.start();
        });
    }

    private static boolean feed(Process process, InputStream in) {
        try (OutputStream input = process.getOutputStream()) {
            in.transferTo(input);
            return true;
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }

    /** The beginning of what it said; the rest is read and dropped. */
    private static String text(InputStream stream) {
        try {
            byte[] beginning = stream.readNBytes(ERROR_LENGTH);
            stream.transferTo(OutputStream.nullOutputStream());
            return new String(beginning, StandardCharsets.UTF_8);
        } catch (IOException ended) {
            return "";
        }
    }
}
