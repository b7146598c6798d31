package dev.flynn.spi.log;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import org.apiguardian.api.API;

/**
 * Where log lines go.
 *
 * <p>Promises:
 *
 * <ul>
 *   <li>LS-1 {@link #accept} never blocks on the destination and never throws for it.
 *   <li>LS-2 Lines of one job arrive in order.
 *   <li>LS-3 Lines that had to be dropped are counted in {@link #dropped}.
 * </ul>
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface LogSink extends AutoCloseable {

    void accept(AppId app, LogMessage message);

    /** How many lines were dropped since the start. */
    long dropped();

    @Override
    void close();
}
