package dev.flynn.configurator;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A command that somebody has configured; it runs in the shell of the environment, or, without one, as the words that it is. */
final class Tool {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int MAX_OUTPUT = 32 * 1024 * 1024;
    private static final Pattern WORD = Pattern.compile("'([^']*)'|\"((?:[^\"\\\\]|\\\\.)*)\"|([^\\s'\"]+)");

    private final List<String> command;

    private Tool(List<String> command) {
        this.command = List.copyOf(command);
    }

    static Tool of(String command) {
        return of(command, System.getenv().getOrDefault("SHELL", ""));
    }

    /** @param shell empty for none */
    static Tool of(String command, String shell) {
        if (command.isBlank()) {
            throw FlynnException.invalid("a command must not be empty");
        }
        return new Tool(shell.isEmpty() ? words(command) : List.of(shell, "-c", command));
    }

    /** What a command said; both kinds of output are there whole. */
    record Result(int status, String output, String error) {}

    /** @throws FlynnException {@code UNAVAILABLE} if it cannot be run, or does not end within a minute */
    Result run(String input, Map<String, String> environment) {
        Process process = null;
        try {
            var builder = new ProcessBuilder(command);
            builder.environment().putAll(environment);
            process = builder.start();
            Process started = process;
            var said = CompletableFuture.supplyAsync(() -> read(started.getInputStream()), Tool::onItsOwnThread);
            var complained = CompletableFuture.supplyAsync(() -> read(started.getErrorStream()), Tool::onItsOwnThread);
            try (OutputStream in = process.getOutputStream()) {
                in.write(input.getBytes(StandardCharsets.UTF_8));
            } catch (IOException doesNotRead) {
                // it may have made up its mind without
            }
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw FlynnException.unavailable("%s did not end within a minute".formatted(this), null);
            }
            return new Result(process.exitValue(), said.join(), complained.join());
        } catch (IOException e) {
            throw FlynnException.unavailable("%s cannot be run (%s)".formatted(this, e.getMessage()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("%s was interrupted".formatted(this), e);
        } finally {
            if (process != null) {
                process.destroyForcibly();
            }
        }
    }

    private static String read(InputStream in) {
        try (in) {
            return new String(in.readNBytes(MAX_OUTPUT), StandardCharsets.UTF_8);
        } catch (IOException ended) {
            return "";
        }
    }

    private static void onItsOwnThread(Runnable task) {
        Thread thread = new Thread(task, "configurator-tool");
        thread.setDaemon(true);
        thread.start();
    }

    /** Splits at blanks that are in no quotes. */
    private static List<String> words(String command) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        Matcher parts = WORD.matcher(command);
        int end = 0;
        while (parts.find()) {
            if (parts.start() > end && word.length() > 0) {
                words.add(word.toString());
                word.setLength(0);
            }
            word.append(
                    parts.group(1) != null
                            ? parts.group(1)
                            : parts.group(2) != null ? parts.group(2).replaceAll("\\\\(.)", "$1") : parts.group(3));
            end = parts.end();
        }
        words.add(word.toString());
        return words;
    }

    @Override
    public String toString() {
        return "the command " + command;
    }
}
