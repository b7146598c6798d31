package dev.flynn.spi.log;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.spi.component.Subscription;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apiguardian.api.API;

/** Reads the logs of apps that a {@link LogSink} has taken. Thread-safe. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface AppLogs {

    /**
     * Which lines are wanted.
     *
     * @param jobId only this job's
     * @param processType only this type's; an empty text means jobs without a type
     * @param lines at most this many of the newest that are kept; absent means all
     * @param streams only lines of these, such as {@code stdout}; empty means all
     */
    record Query(Optional<String> jobId, Optional<String> processType, OptionalInt lines, Set<String> streams) {

        public Query {
            streams = Set.copyOf(streams);
        }

        /** Lines of all streams. */
        public Query(Optional<String> jobId, Optional<String> processType, OptionalInt lines) {
            this(jobId, processType, lines, Set.of());
        }
    }

    /**
     * Lines that are kept, oldest first.
     *
     * @throws dev.flynn.api.error.FlynnException {@code SERVICE_UNAVAILABLE} if logs cannot be read now
     */
    List<LogMessage> read(AppId app, Query query);

    /**
     * Delivers lines that are kept, as {@link #read} gives them, then new ones, none twice and none missed. With
     * {@code lines} 0 there are only new ones.
     *
     * @throws dev.flynn.api.error.FlynnException {@code SERVICE_UNAVAILABLE} if logs cannot be read now
     */
    Subscription follow(AppId app, Query query, Follower follower);

    /** Receives lines, one call at a time; must not block for long. */
    interface Follower {

        void onLine(LogMessage line);

        /** Called at most once, last: no more lines come. */
        void onEnd(String reason);
    }
}
