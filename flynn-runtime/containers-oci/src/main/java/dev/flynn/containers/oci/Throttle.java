package dev.flynn.containers.oci;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Makes a job wait whose output is not taken: conmon is stopped, so that nobody reads the job's pipes and they fill up. The
 * log's length stays bounded so, although nobody tells conmon how long it may be.
 */
final class Throttle {

    /** What a log may have that was not delivered. */
    static final long LIMIT_BYTES = 4 * JobOutput.ROTATE_BYTES;

    /** How often the files are looked at, at most: much less is written in between than a log may have. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private final JobDirectory directory;
    private final Object lock = new Object();
    private boolean paused;
    private volatile long looked = System.nanoTime();

    Throttle(JobDirectory directory) {
        this.directory = directory;
    }

    /** After a restart: an earlier process may have stopped conmon. */
    void adopt() {
        boolean stopped = JobDirectory.number(directory.conmonPid()).stream()
                .mapToObj(pid -> Proc.text(Path.of("/proc/" + pid + "/status")).orElse(""))
                .anyMatch(status -> status.contains("State:\tT"));
        synchronized (lock) {
            paused = stopped;
        }
    }

    /** To be asked with each change, of which there may be many. */
    boolean isWanted(JobOutput output) {
        long now = System.nanoTime();
        if (now - looked < LOOK_NANOS) {
            return false;
        }
        looked = now;
        return output.backlog() > LIMIT_BYTES && !isPaused();
    }

    private boolean isPaused() {
        synchronized (lock) {
            return paused;
        }
    }

    /** Whoever calls this sees to it that {@link #resume} is called some time after. */
    void pause() {
        synchronized (lock) {
            if (!paused) {
                paused = true;
                send("STOP");
            }
        }
    }

    /** Everything was delivered. */
    void resume() {
        synchronized (lock) {
            if (paused) {
                paused = false;
                send("CONT");
            }
        }
    }

    private void send(String signal) {
        JobDirectory.number(directory.conmonPid()).ifPresent(pid -> Shell.signal(signal, List.of(pid)));
    }
}
