package dev.flynn.containers.docker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.stream.Stream;

/** The machine on which the engine and its jobs are. */
final class Machine {

    private static final Path STAT = Path.of("/proc/stat");
    private static final String BOOT = "btime ";

    private Machine() {}

    /** When it began to run, to the second. */
    static Instant boot() {
        try (Stream<String> lines = Files.lines(STAT)) {
            return lines.filter(line -> line.startsWith(BOOT))
                    .map(line -> Instant.ofEpochSecond(
                            Long.parseLong(line.substring(BOOT.length()).strip())))
                    .findFirst()
                    .orElse(Instant.EPOCH);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
