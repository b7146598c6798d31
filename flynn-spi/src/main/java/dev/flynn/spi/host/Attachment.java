package dev.flynn.spi.host;

import dev.flynn.api.host.TerminalSize;
import org.apiguardian.api.API;

/** What the attached may send to a job. Thread-safe; all but {@code close} throw {@code FlynnException} once the job is down. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface Attachment extends AutoCloseable {

    /** Blocks while the job does not read. */
    void stdin(byte[] bytes);

    /** End of file on the job's standard input. */
    void closeStdin();

    void resize(TerminalSize size);

    void signal(int number);

    @Override
    void close();
}
