package dev.flynn.store.jdbc;

import dev.flynn.api.error.FlynnException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/** Until when an answer has to be given: the ten seconds of the SPI. */
final class Deadline {

    /** What one attempt takes at most: the time-outs of a {@link Session} are shorter. */
    static final Duration ATTEMPT = Duration.ofSeconds(4);

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final long PAUSE_MILLIS = 100;

    private final long end = System.nanoTime() + PATIENCE.toNanos();

    /** Asks the database, again after failures that may pass. */
    interface Attempt<T> {
        T ask() throws SQLException;
    }

    private long leftNanos() {
        return Math.max(0, end - System.nanoTime());
    }

    private boolean allowsAttempt() {
        return leftNanos() >= ATTEMPT.toNanos();
    }

    /** Waits for a lock as long as there is time; tells whether it was got. */
    boolean take(Lock lock) {
        try {
            return lock.tryLock(leftNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /**
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if there is no answer in time, {@code UNKNOWN} if the database
     *     refuses what it is asked
     */
    <T> T persist(PostgresConfig config, Attempt<T> attempt) {
        SQLException last = null;
        while (allowsAttempt()) {
            try {
                return attempt.ask();
            } catch (SQLException e) {
                if (!mayPass(e)) {
                    throw FlynnException.internal(
                            "the database of the cluster store (%s) refuses: %s".formatted(config, e.getMessage()), e);
                }
                last = e;
                pause();
            }
        }
        throw tooLate(config, last);
    }

    static FlynnException tooLate(PostgresConfig config, @Nullable SQLException last) {
        return FlynnException.unavailable(
                "the database of the cluster store (%s) does not answer: %s"
                        .formatted(config, last == null ? "others wait for it too" : last.getMessage()),
                last);
    }

    /**
     * Wrong passwords, missing databases or rights, broken statements and damaged data do not mend themselves; lost
     * connections, restarts, failovers, full disks and locks may.
     */
    private static boolean mayPass(SQLException e) {
        String state = e.getSQLState();
        if (state == null || state.length() < 2) {
            return true;
        }
        return switch (state.substring(0, 2)) {
            case "22", "23", "28", "3D", "3F", "42", "XX" -> false;
            default -> true;
        };
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static FlynnException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return FlynnException.unavailable("interrupted while waiting for the database of the cluster store", e);
    }
}
