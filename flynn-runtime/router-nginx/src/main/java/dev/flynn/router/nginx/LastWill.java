package dev.flynn.router.nginx;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Ends an nginx when the program that runs it has died, however that happened: otherwise it would go on to serve, by a table
 * that nobody changes any more, and hold the ports.
 *
 * <p>It is a small process that waits for the end of its input, which comes with the end of the program. Requests in flight have
 * ten seconds.
 */
final class LastWill implements AutoCloseable {

    /** A process with that number that runs by another configuration is somebody else. */
    private static final String SCRIPT = """
            read -r end
            for signal in QUIT TERM; do
              case $(tr '\\0' ' ' </proc/$1/cmdline) in
                *"$2"*) kill -$signal $1; sleep 10 ;;
              esac
            done
            """;

    private final Process process;

    private LastWill(Process process) {
        this.process = process;
    }

    /**
     * @param master the process id of nginx
     * @param configuration that it was started with
     */
    static LastWill of(long master, Path configuration) {
        try {
            return new LastWill(new ProcessBuilder(List.of(
                            "/bin/sh",
                            "-c",
                            SCRIPT,
                            "flynn-nginx-will",
                            Long.toString(master),
                            configuration.toString()))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start());
        } catch (IOException e) {
            throw FlynnException.unavailable("/bin/sh cannot be started (%s)".formatted(e.getMessage()), e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
