package dev.flynn.containers.oci;

import dev.flynn.api.host.OutputStreamKind;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Why a container's init could not run the job's program. It says so as the only thing that the container writes, perhaps in
 * pieces. Not thread-safe.
 */
final class InitFailure {

    private static final int NO_PROGRAM = 127;
    private static final int NOT_EXECUTABLE = 126;
    private static final int MAX_BYTES = 8192;
    private static final String WORDS = "[FATAL tini (";
    private static final Pattern FAILURE =
            Pattern.compile("\\[FATAL tini \\(\\d+\\)] exec (.*) failed: (.*)\n", Pattern.DOTALL);

    /** What init may have said; no more than a failure is kept. */
    private final ByteArrayOutputStream said = new ByteArrayOutputStream(0);

    private boolean saidMore;
    private Optional<String> failure = Optional.empty();

    /** Takes what the container has written next. */
    void note(OutputStreamKind stream, byte[] bytes) {
        if (saidMore) {
            return;
        }
        said.writeBytes(bytes);
        String text = said.toString(StandardCharsets.UTF_8);
        boolean isOfInit = text.startsWith(WORDS) || WORDS.startsWith(text);
        if (stream != OutputStreamKind.STDERR || !isOfInit || said.size() >= MAX_BYTES) {
            saidMore = true;
            said.reset();
            failure = Optional.empty();
            return;
        }
        Matcher words = FAILURE.matcher(text);
        failure = words.matches()
                ? Optional.of("cannot run %s: %s".formatted(words.group(1), words.group(2)))
                : Optional.empty();
    }

    /** The failure with which a container ended, if it was that and nothing that the program did. */
    Optional<String> of(int exitStatus) {
        return exitStatus == NO_PROGRAM || exitStatus == NOT_EXECUTABLE ? failure : Optional.empty();
    }
}
