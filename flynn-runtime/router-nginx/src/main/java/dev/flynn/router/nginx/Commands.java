package dev.flynn.router.nginx;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Short-lived programs. */
final class Commands {

    private static final int PATIENCE_SECONDS = 60;

    private Commands() {}

    /** @param output of both kinds, together */
    record Result(int status, String output) {}

    static Result run(List<String> command) {
        Process process = null;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                return new Result(process.exitValue(), output);
            }
            throw FlynnException.unavailable(command.get(0) + " did not end within a minute", null);
        } catch (IOException e) {
            throw FlynnException.unavailable("%s cannot be run (%s)".formatted(command.get(0), e.getMessage()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable(command.get(0) + " was interrupted", e);
        } finally {
            if (process != null) {
                process.destroyForcibly();
            }
        }
    }
}
