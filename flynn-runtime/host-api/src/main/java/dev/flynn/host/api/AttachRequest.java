package dev.flynn.host.api;

import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What is asked of an attachment (contract: layer 0, Attach protocol). */
record AttachRequest(@Nullable String jobId, int flags, int height, int width) {

    static final int STDOUT = 1;
    static final int STDERR = 2;
    static final int STDIN = 4;
    static final int LOGS = 8;
    static final int STREAM = 16;
    static final int INIT = 32;

    String job() {
        return jobId == null ? "" : jobId;
    }

    boolean stdin() {
        return has(STDIN);
    }

    /** What the job wrote before. */
    boolean logs() {
        return has(LOGS);
    }

    /** What it will write. */
    boolean stream() {
        return has(STREAM);
    }

    boolean wants(OutputStreamKind stream) {
        return switch (stream) {
            case STDOUT -> has(STDOUT);
            case STDERR -> has(STDERR);
            case INIT -> has(INIT);
        };
    }

    /** The outputs whose end is told. */
    List<OutputStreamKind> ending() {
        return Stream.of(OutputStreamKind.STDOUT, OutputStreamKind.STDERR)
                .filter(this::wants)
                .toList();
    }

    Optional<TerminalSize> size() {
        boolean given = height > 0 && height <= 65_535 && width > 0 && width <= 65_535;
        return given ? Optional.of(new TerminalSize(width, height)) : Optional.empty();
    }

    private boolean has(int flag) {
        return (flags & flag) != 0;
    }
}
