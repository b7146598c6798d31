package dev.flynn.distro;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.flynn.containers.builtin.JobThreadGroup;
import java.io.PrintStream;
import java.util.Optional;

/**
 * Gives what a builtin job logs to that job's standard output, and so to its app's log; everything else goes on to the
 * host's own log.
 */
final class JobLogAppender extends AppenderBase<ILoggingEvent> {

    private final LogLines lines = LogLines.brief();

    @Override
    protected void append(ILoggingEvent event) {
        jobOutput().ifPresent(out -> out.print(lines.doLayout(event)));
    }

    private static Optional<PrintStream> jobOutput() {
        for (ThreadGroup group = Thread.currentThread().getThreadGroup(); group != null; group = group.getParent()) {
            if (group instanceof JobThreadGroup job) {
                return Optional.of(job.out());
            }
        }
        return Optional.empty();
    }
}
