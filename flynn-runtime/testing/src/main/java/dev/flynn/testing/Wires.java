package dev.flynn.testing;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** How long a message takes; thread-safe. */
final class Wires {

    private final Random random;
    private final AtomicInteger underway = new AtomicInteger();
    private volatile long maxDelayMicros;

    Wires(long seed) {
        this.random = new Random(seed);
    }

    void delay(Duration atMost) {
        maxDelayMicros = TimeUnit.NANOSECONDS.toMicros(atMost.toNanos());
    }

    /** Takes as long as a message. */
    void carry() {
        long bound = maxDelayMicros;
        if (bound > 0) {
            underway.incrementAndGet();
            try {
                TimeUnit.MICROSECONDS.sleep(random.nextLong(bound));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                underway.decrementAndGet();
            }
        }
    }

    boolean areIdle() {
        return underway.get() == 0;
    }
}
