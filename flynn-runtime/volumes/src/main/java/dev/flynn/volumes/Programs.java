package dev.flynn.volumes;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Runs a program of the machine to its end; one that fails is an error that carries what it said. */
final class Programs {

    private static final int ERROR_LENGTH = 1000;

    private Programs() {}

    static void run(List<String> line) throws IOException {
        run(line, InputStream.nullInputStream(), OutputStream.nullOutputStream());
    }

    static void run(List<String> line, InputStream in, OutputStream out) throws IOException {
        Process process = new ProcessBuilder(line).start();
        try {
            CompletableFuture<String> errors = CompletableFuture.supplyAsync(() -> text(process.getErrorStream()));
            CompletableFuture<Void> input = CompletableFuture.runAsync(() -> feed(process, in));
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
            throw new IOException(line.get(0) + " was not given its input", e.getCause());
        } finally {
            process.destroyForcibly();
        }
    }

    private static void feed(Process process, InputStream in) {
        try (OutputStream input = process.getOutputStream()) {
            in.transferTo(input);
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
