package dev.flynn.tck.log;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.spi.log.LogSink;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** The simplest sink that keeps its promises: its destination is a list, and nothing waits unless that stalls. */
class ReferenceSink implements LogSink {

    static final int MAX_WAITING = 500;

    /** A list that can stall. */
    static class Destination {

        private final List<LogMessage> lines = new ArrayList<>();
        private boolean stalled;

        synchronized boolean takes() {
            return !stalled;
        }

        synchronized void add(LogMessage line) {
            lines.add(line);
        }

        synchronized List<LogMessage> lines() {
            return List.copyOf(lines);
        }

        synchronized void stall(boolean now) {
            stalled = now;
        }
    }

    final Destination destination;
    final Deque<LogMessage> waiting = new ArrayDeque<>();
    long dropped;
    private long untold;
    private boolean closed;

    ReferenceSink(Destination destination) {
        this.destination = destination;
    }

    @Override
    public synchronized void accept(AppId app, LogMessage message) {
        deliver();
        if (closed || waiting.size() >= maxWaiting()) {
            dropped++;
            untold++;
            return;
        }
        report(message);
        waiting.add(message);
        deliver();
    }

    int maxWaiting() {
        return MAX_WAITING;
    }

    void report(LogMessage next) {
        if (untold > 0) {
            waiting.add(new LogMessage(
                    next.hostId(),
                    next.jobId(),
                    "dropped " + untold + " lines here",
                    next.processType(),
                    next.stream(),
                    next.timestamp()));
            untold = 0;
        }
    }

    void deliver() {
        while (destination.takes() && !waiting.isEmpty()) {
            destination.add(waiting.remove());
        }
    }

    @Override
    public synchronized boolean flush(AppId app, Duration patience) {
        deliver();
        return waiting.isEmpty();
    }

    @Override
    public synchronized long dropped() {
        return dropped;
    }

    @Override
    public synchronized void close() {
        deliver();
        closed = true;
    }
}
