package dev.flynn.spi.log;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import java.time.Duration;
import org.apiguardian.api.API;

/**
 * Where log lines go.
 *
 * <p>Implementations are thread-safe. Their promises, each with a test in the TCK:
 *
 * <ul>
 *   <li>LS-1 {@link #accept} does not depend on the destination: while that is slow or gone, calls end, and never throw for
 *       it. Whoever writes faster than the destination takes may be made to wait for it, for a second at most and once
 *       until it takes lines again.
 *   <li>LS-2 Lines of one job arrive in the order in which they were accepted, whatever other threads do.
 *   <li>LS-3 Lines that had to be dropped are counted in {@link #dropped}; those that were accepted and neither arrived nor
 *       are on their way are counted there, and no others.
 *   <li>LS-4 The log itself says, at the place where lines are missing, how many: {@code dropped 12,345 lines}.
 *   <li>LS-5 A line arrives with its text, app, job, process type, stream and time; no text, however long or strange,
 *       harms the lines around it. A text of up to 10,000 bytes arrives whole.
 *   <li>LS-6 What waits takes bounded memory.
 *   <li>LS-7 {@link #flush} says whether what was accepted before has left this process.
 *   <li>LS-8 {@link #close} delivers what waits if the destination takes it, and ends in seconds if it does not; lines
 *       that come later are dropped and counted.
 * </ul>
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface LogSink extends AutoCloseable {

    void accept(AppId app, LogMessage message);

    /**
     * Waits until what was accepted of an app before has left this process, so that it survives its death.
     *
     * @return false if that takes longer; what is dropped counts as gone
     */
    default boolean flush(AppId app, Duration patience) {
        return true;
    }

    /** How many lines were dropped since the start. */
    long dropped();

    @Override
    void close();
}
