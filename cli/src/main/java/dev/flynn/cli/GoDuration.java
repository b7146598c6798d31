package dev.flynn.cli;

import java.time.Duration;

/** Durations as {@code scale} prints them: {@code 3.944629056s}, {@code 600.233166ms}, {@code 1m2.5s}. */
final class GoDuration {

    private GoDuration() {}

    static String format(Duration duration) {
        long nanos = duration.toNanos();
        if (nanos == 0) {
            return "0s";
        }
        if (nanos < 1_000) {
            return nanos + "ns";
        }
        if (nanos < 1_000_000) {
            return decimal(nanos, 1_000) + "µs";
        }
        if (nanos < 1_000_000_000) {
            return decimal(nanos, 1_000_000) + "ms";
        }
        var text = new StringBuilder();
        if (duration.toHours() > 0) {
            text.append(duration.toHours()).append('h');
        }
        if (duration.toMinutes() > 0) {
            text.append(duration.toMinutesPart()).append('m');
        }
        return text.append(decimal(nanos % 60_000_000_000L, 1_000_000_000L))
                .append('s')
                .toString();
    }

    private static String decimal(long value, long unit) {
        String fraction = String.valueOf(unit + value % unit).substring(1).replaceAll("0+$", "");
        return value / unit + (fraction.isEmpty() ? "" : "." + fraction);
    }
}
