package dev.flynn.router;

import java.time.Duration;

/**
 * By when something has to happen. The tick of the loop looks at it; what is due within a few ticks gets a look of its own, so
 * that short times are kept as well as long ones. Only the loop's thread touches it.
 */
final class Deadline {

    private static final long NEVER = Long.MAX_VALUE;

    private final RouterLoop loop;
    private final Runnable onLate;
    private long at = NEVER;
    private boolean willLook;

    /** @param onLate runs when a look finds that the time is over; the tick tells its clients itself */
    Deadline(RouterLoop loop, Runnable onLate) {
        this.loop = loop;
        this.onLate = onLate;
    }

    void in(Duration patience) {
        long nanos = patience.toNanos();
        at = System.nanoTime() + nanos;
        lookIn(nanos);
    }

    void never() {
        at = NEVER;
    }

    boolean isOver(long now) {
        return at != NEVER && now - at >= 0;
    }

    private void lookIn(long nanos) {
        if (!willLook && nanos < loop.coarseNanos()) {
            willLook = true;
            loop.after(nanos, this::look);
        }
    }

    private void look() {
        willLook = false;
        long now = System.nanoTime();
        if (isOver(now)) {
            onLate.run();
        } else if (at != NEVER) {
            lookIn(at - now);
        }
    }
}
