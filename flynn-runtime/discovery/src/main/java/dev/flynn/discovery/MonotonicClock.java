package dev.flynn.discovery;

import dev.flynn.base.TimeSource;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** A clock that nobody can set: when the machine's time jumps, no registration expires for it. */
final class MonotonicClock extends Clock {

    private final TimeSource time;
    private final Instant start;
    private final long startNanos;

    MonotonicClock(TimeSource time) {
        this.time = time;
        this.start = time.clock().instant();
        this.startNanos = time.nanoTime();
    }

    @Override
    public Instant instant() {
        return start.plusNanos(time.nanoTime() - startNanos);
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        return this;
    }
}
