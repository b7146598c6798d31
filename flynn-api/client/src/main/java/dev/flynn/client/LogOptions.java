package dev.flynn.client;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * Which lines of an app's log are wanted.
 *
 * @param follow whether to go on with new lines; without {@code lines} there is no history then
 * @param lines the newest so many
 * @param processType present and empty for one-off jobs
 */
public record LogOptions(boolean follow, OptionalInt lines, Optional<String> jobId, Optional<String> processType) {

    public static LogOptions all() {
        return new LogOptions(false, OptionalInt.empty(), Optional.empty(), Optional.empty());
    }
}
