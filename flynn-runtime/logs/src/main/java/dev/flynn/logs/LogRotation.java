package dev.flynn.logs;

import java.time.Duration;

/**
 * How much of each app's log a host keeps.
 *
 * @param maxFileBytes a file that would become larger is put aside
 * @param maxFileAge a file whose first line is older is put aside
 * @param oldFiles how many files that were put aside stay
 * @param retention what nobody wrote to for so long is deleted
 */
public record LogRotation(long maxFileBytes, Duration maxFileAge, int oldFiles, Duration retention) {

    /** A hundred megabytes or a week, one old file, a month. */
    public static final LogRotation DEFAULTS = new LogRotation(100L << 20, Duration.ofDays(7), 1, Duration.ofDays(30));

    public LogRotation {
        if (maxFileBytes <= 0 || oldFiles < 0 || maxFileAge.isNegative() || retention.isNegative()) {
            throw new IllegalArgumentException("sizes, ages and numbers of log files are positive");
        }
    }

    public LogRotation withMaxFileBytes(long value) {
        return new LogRotation(value, maxFileAge, oldFiles, retention);
    }

    public LogRotation withMaxFileAge(Duration value) {
        return new LogRotation(maxFileBytes, value, oldFiles, retention);
    }

    public LogRotation withOldFiles(int value) {
        return new LogRotation(maxFileBytes, maxFileAge, value, retention);
    }

    public LogRotation withRetention(Duration value) {
        return new LogRotation(maxFileBytes, maxFileAge, oldFiles, value);
    }
}
