package dev.flynn.store;

import java.time.Duration;

/** Limits that a test reaches quickly. */
final class TestLimits {

    static final StoreLimits SHORT_HISTORY = new StoreLimits(300, 8L << 20, 1 << 17, Duration.ofMinutes(10));

    private TestLimits() {}
}
