package dev.flynn.git;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A working copy, used with the real git as a developer does, with no configuration but its own. */
final class Checkout {

    /** What a command said, on both streams, and how it ended. */
    record Result(int status, String output) {

        /** Without the codes that move the cursor. */
        String plain() {
            return output.replaceAll("\u001b\\[[0-9]*[A-Z]", "");
        }
    }

    private final Path directory;

    Checkout(Path directory) throws IOException {
        this.directory = Files.createDirectories(directory);
        git("init", "-q", "-b", "master");
    }

    /** Writes a file, commits it, and gives the commit's id. */
    String commit(String name, String text) {
        write(name, text);
        return commit();
    }

    void write(String name, String text) {
        try {
            Path file = directory.resolve(name);
            Files.createDirectories(file.resolveSibling(""));
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    String commit() {
        git("add", "-A");
        git("commit", "-q", "--allow-empty", "-m", "change");
        return git("rev-parse", "HEAD").strip();
    }

    Path directory() {
        return directory;
    }

    /** Runs a git command that must succeed. */
    String git(String... arguments) {
        Result result = attempt(arguments);
        assertThat(result.status()).as("git %s: %s", List.of(arguments), result).isZero();
        return result.output();
    }

    Result attempt(String... arguments) {
        return finish(start(arguments));
    }

    Process start(String... arguments) {
        List<String> command = new ArrayList<>(
                List.of("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "gc.auto=0"));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
        builder.environment().put("GIT_CONFIG_GLOBAL", "/dev/null");
        builder.environment().put("GIT_CONFIG_NOSYSTEM", "1");
        builder.environment().put("GIT_TERMINAL_PROMPT", "0");
        builder.environment().put("LC_ALL", "C.UTF-8");
        try {
            return builder.start();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static Result finish(Process process) {
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(output).isTrue();
            return new Result(process.exitValue(), output);
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        } finally {
            process.destroyForcibly();
        }
    }
}
