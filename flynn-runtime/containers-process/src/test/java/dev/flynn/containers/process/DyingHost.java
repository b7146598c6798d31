package dev.flynn.containers.process;

import java.nio.file.Path;
import java.time.Duration;

/** A process with a backend and one job, made to be killed: {@code DyingHost DIRECTORY SHELL_LINE}. */
final class DyingHost {

    private DyingHost() {}

    public static void main(String[] args) throws InterruptedException {
        Path directory = Path.of(args[0]);
        var backend = ProcessContainerBackend.builder(directory.resolve("backend"), ShellImage.install(directory))
                .build();
        var unused = backend.start(ShellImage.job(args[1]));
        Thread.sleep(Duration.ofMinutes(2).toMillis());
    }
}
