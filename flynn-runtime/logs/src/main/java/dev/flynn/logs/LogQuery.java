package dev.flynn.logs;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.log.LogMessage;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Which lines of an app are wanted (contract: layer 1, Log aggregation, HTTP API).
 *
 * @param follow whether to go on with new lines
 * @param lines the newest so many after filtering, 0 to 10,000
 * @param processType present and empty for one-off jobs only
 * @param streams the wanted ones of {@code stdout}, {@code stderr}, {@code init} and {@code unknown}; all if empty
 */
public record LogQuery(
        boolean follow, OptionalInt lines, Optional<String> jobId, Optional<String> processType, Set<String> streams) {

    public static final int MAX_LINES = 10_000;

    /** Lines of any stream. */
    public LogQuery(boolean follow, OptionalInt lines, Optional<String> jobId, Optional<String> processType) {
        this(follow, lines, jobId, processType, Set.of());
    }

    public LogQuery {
        streams = Set.copyOf(streams);
        if (lines.isPresent() && (lines.getAsInt() < 0 || lines.getAsInt() > MAX_LINES)) {
            throw FlynnException.invalidField("lines", "lines must be an integer between 0 and " + MAX_LINES);
        }
    }

    boolean matches(LogMessage message) {
        return (streams.isEmpty() || streams.contains(message.stream()))
                && jobId.map(message.jobId()::equals).orElse(true)
                && processType
                        .map(type -> type.equals(message.processType().orElse("")))
                        .orElse(true);
    }

    /** How many old lines come first: following without a number shows none, not following shows all. */
    int backlog() {
        int wanted = lines.orElse(0);
        return wanted > 0 ? wanted : follow ? 0 : Integer.MAX_VALUE;
    }
}
