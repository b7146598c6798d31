package dev.flynn.bootstrap;

import java.time.Duration;

/** Until when something may take. */
record Deadline(long nanos) {

    static Deadline in(Duration patience) {
        return new Deadline(System.nanoTime() + patience.toNanos());
    }

    boolean isOver() {
        return millisLeft() <= 0;
    }

    long millisLeft() {
        return (nanos - System.nanoTime()) / 1_000_000;
    }
}
