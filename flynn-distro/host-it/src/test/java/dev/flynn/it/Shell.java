package dev.flynn.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs commands as a user would type them, in a directory and with a home of their own. */
final class Shell {

    private static final Duration PATIENCE = Duration.ofSeconds(120);

    private final Path directory;
    private final Map<String, String> environment;

    private Shell(Path directory, Map<String, String> environment) {
        this.directory = directory;
        this.environment = Map.copyOf(environment);
    }

    /** A shell whose home and working directory is {@code home}, with the distribution's programs on its path. */
    static Shell at(Path home) {
        return new Shell(
                home,
                Map.of(
                        "HOME",
                        home.toString(),
                        "PATH",
                        Distribution.bin() + ":" + System.getenv("PATH"),
                        "JAVA_HOME",
                        System.getProperty("java.home"),
                        "LC_ALL",
                        "C.UTF-8",
                        "TERM",
                        "xterm",
                        "GIT_TERMINAL_PROMPT",
                        "0"));
    }

    Shell in(Path other) {
        return new Shell(other, environment);
    }

    Shell with(String variable, String value) {
        Map<String, String> all = new HashMap<>(environment);
        all.put(variable, value);
        return new Shell(directory, all);
    }

    Path directory() {
        return directory;
    }

    /** Runs a line and expects it to succeed; gives what it printed on standard output. */
    String run(String line) {
        Result result = attempt(line);
        assertThat(result.status()).as("%s", result).isZero();
        return result.out();
    }

    /** Runs a line, whatever comes of it. */
    Result attempt(String line) {
        return attempt(line, "");
    }

    Result attempt(String line, String input) {
        Process process = start(line);
        try {
            var out = CompletableFuture.supplyAsync(() -> readAll(process.getInputStream()));
            var err = CompletableFuture.supplyAsync(() -> readAll(process.getErrorStream()));
            try (var stdin = process.getOutputStream()) {
                stdin.write(input.getBytes(StandardCharsets.UTF_8));
            } catch (IOException endedBeforeItRead) {
                // what it printed tells more
            }
            if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("still running after %s: %s".formatted(PATIENCE, line));
            }
            return new Result(line, process.exitValue(), out.join(), err.join());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted: " + line, e);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    /** Starts a line in the background; the caller ends it. */
    Process start(String line) {
        try {
            var builder = new ProcessBuilder(List.of("bash", "-c", line)).directory(directory.toFile());
            builder.environment().clear();
            builder.environment().putAll(environment);
            return builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String readAll(java.io.InputStream stream) {
        try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What came of a line. */
    record Result(String line, int status, String out, String err) {

        @Override
        public String toString() {
            return "$ %s%n%s%s[exit status %d]".formatted(line, out, err, status);
        }
    }
}
