package dev.flynn.testing;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.function.Supplier;

/** A clock that somebody has set wrong. */
final class WrongClock extends Clock {

    private final Clock clock;
    private final Supplier<Duration> wrongBy;

    WrongClock(Clock clock, Supplier<Duration> wrongBy) {
        this.clock = clock;
        this.wrongBy = wrongBy;
    }

    @Override
    public Instant instant() {
        return clock.instant().plus(wrongBy.get());
    }

    @Override
    public ZoneId getZone() {
        return clock.getZone();
    }

    @Override
    public Clock withZone(ZoneId zone) {
        return new WrongClock(clock.withZone(zone), wrongBy);
    }
}
