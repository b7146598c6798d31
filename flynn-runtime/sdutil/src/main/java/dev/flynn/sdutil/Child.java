package dev.flynn.sdutil;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A command that runs with our own input and output. */
final class Child {

    private static final long GRACE_SECONDS = 5;

    /** What shells say of a command that cannot be started. */
    static final int NOT_STARTED = 127;

    private final Process process;

    private Child(Process process) {
        this.process = process;
    }

    static Child start(List<String> command, Map<String, String> moreEnvironment) {
        try {
            var builder = new ProcessBuilder(command).inheritIO();
            builder.environment().putAll(moreEnvironment);
            return new Child(builder.start());
        } catch (IOException e) {
            throw new Usage(NOT_STARTED, "%s cannot be started: %s".formatted(command.get(0), e.getMessage()));
        }
    }

    int waitFor() throws InterruptedException {
        return process.waitFor();
    }

    /** Calls when it ends by itself or otherwise. */
    void onExit(Runnable action) {
        var unused = process.onExit().thenRun(action);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    int status() {
        return process.exitValue();
    }

    /** Asks it to end, and after five seconds insists. */
    void stop() {
        process.destroy();
        try {
            if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
