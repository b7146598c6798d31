package dev.flynn.tck.wire;

import java.util.List;
import java.util.Map;

/** Process types and one-off jobs that are lines of a shell. */
final class Shell {

    private static final String WAIT = "trap 'exit 0' TERM; sleep 300 & wait";

    private Shell() {}

    /** Runs that line; the same for a process type and a one-off job. */
    static Map<String, Object> runs(String line) {
        return Map.of("entrypoint", List.of("/bin/sh", "-c"), "cmd", List.of(line));
    }

    /** Does nothing until it is asked to end. */
    static Map<String, Object> waits() {
        return runs(WAIT);
    }

    /** Says something, then does nothing until it is asked to end. */
    static Map<String, Object> saysAndWaits(String line) {
        return runs("echo " + line + "; " + WAIT);
    }
}
