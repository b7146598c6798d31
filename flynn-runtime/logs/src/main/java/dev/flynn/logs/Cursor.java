package dev.flynn.logs;

import java.time.Instant;
import java.util.Comparator;

/** How far a host's lines were seen: a later time wins whatever its number, at equal times the higher number. */
record Cursor(Instant time, long seq) implements Comparable<Cursor> {

    private static final Comparator<Cursor> ORDER =
            Comparator.comparing(Cursor::time).thenComparingLong(Cursor::seq);

    static Cursor of(SyslogLine line) {
        return new Cursor(line.message().timestamp(), line.seq());
    }

    Cursor orLater(Cursor other) {
        return compareTo(other) >= 0 ? this : other;
    }

    @Override
    public int compareTo(Cursor other) {
        return ORDER.compare(this, other);
    }
}
