package dev.flynn.logs;

import dev.flynn.api.id.AppId;
import java.util.List;
import java.util.Map;

/** Where the lines of a host are forwarded to, by a {@link LogForwarder}. For one thread. */
public interface LogDestination extends AutoCloseable {

    /**
     * What the destination has.
     *
     * @param positions behind the last line that it took, by app
     * @param newestOnly whether of other apps it wants the newest lines only: 10,000 or 8 MB
     */
    record Start(Map<AppId, LogPosition> positions, boolean newestOnly) {

        public Start {
            positions = Map.copyOf(positions);
        }
    }

    /** Begins, also after a failure. */
    Start open() throws Exception;

    /** Returns when the destination has the lines; those of a call that failed may come again. */
    void send(List<LogChunk> chunks) throws Exception;

    @Override
    void close();
}
