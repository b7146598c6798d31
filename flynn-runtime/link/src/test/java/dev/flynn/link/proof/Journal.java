package dev.flynn.link.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.PrintStream;
import java.util.List;

/** Where a host tells what it does and sees. What was told survives the host. Thread-safe. */
final class Journal {

    private final PrintStream out;

    Journal(PrintStream out) {
        this.out = out;
    }

    void tell(Object... words) {
        tell(List.of(words));
    }

    /** One write, so that a line is there as a whole or torn off at its end. */
    void tell(List<?> words) {
        byte[] line = (Line.format(words) + "\n").getBytes(UTF_8);
        synchronized (out) {
            out.write(line, 0, line.length);
            out.flush();
        }
    }
}
