package dev.flynn.logs;

import dev.flynn.base.NamedThreads;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the lines of this host, from its files, to where else they are wanted. However slow that is, or for however long it
 * is gone, neither jobs nor others wait for it; what was not sent is sent when it is back, also by the next process.
 */
public final class LogForwarder implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LogForwarder.class);

    private static final Duration IDLE = Duration.ofSeconds(30);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(3);
    private static final long FIRST_PAUSE_MILLIS = 100;
    private static final long LONGEST_PAUSE_MILLIS = 5_000;

    private final LogDestination destination;
    private final String name;
    private final LogFeed feed;
    private final Thread thread;
    private final Object lock = new Object();
    private boolean closed;

    /**
     * Begins.
     *
     * @param name of the destination, for people
     * @param destination is closed with this
     */
    public LogForwarder(LogMux mux, LogDestination destination, String name) {
        this.destination = destination;
        this.name = name;
        this.feed = mux.feed();
        this.thread = new NamedThreads("log-forwarder").newThread(this::run);
        thread.start();
    }

    private void run() {
        long pause = FIRST_PAUSE_MILLIS;
        boolean told = false;
        while (true) {
            try {
                feed.begin(destination.open());
                if (told) {
                    log.atInfo().addKeyValue("to", name).log("lines of logs are sent again");
                    told = false;
                }
                pause = FIRST_PAUSE_MILLIS;
                forward();
                return;
            } catch (InterruptedException closing) {
                return;
            } catch (Exception e) {
                if (!told) {
                    told = true;
                    log.atWarn().addKeyValue("to", name).setCause(e).log("lines of logs wait: they are not taken");
                }
            }
            if (!pause(pause)) {
                return;
            }
            pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
        }
    }

    /** Until this is closed and all is sent. */
    private void forward() throws Exception {
        while (true) {
            List<LogChunk> chunks = feed.next(isClosed() ? Duration.ZERO : IDLE);
            if (!chunks.isEmpty()) {
                destination.send(chunks);
                feed.acknowledge(chunks);
            } else if (isClosed()) {
                return;
            }
        }
    }

    private boolean isClosed() {
        synchronized (lock) {
            return closed;
        }
    }

    /** False if this was closed. */
    private boolean pause(long millis) {
        long deadline = System.nanoTime() + Duration.ofMillis(millis).toNanos();
        synchronized (lock) {
            try {
                for (long left = millis; left > 0 && !closed; ) {
                    lock.wait(left);
                    left = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
                }
            } catch (InterruptedException closing) {
                return false;
            }
            return !closed;
        }
    }

    /** Sends what is there, for up to three seconds, then stops. */
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            lock.notifyAll();
        }
        feed.wake();
        try {
            thread.join(CLOSE_PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        feed.close();
        thread.interrupt();
        destination.close();
    }
}
