package dev.flynn.acme;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.shredzone.acme4j.PollableResource;
import org.shredzone.acme4j.Status;
import org.shredzone.acme4j.exception.AcmeException;

/**
 * How long to wait for an authority, and for routers. Ends all waits when it is closed. Thread-safe.
 *
 * @param settling for a challenge to reach all routers before the authority asks them
 * @param validation for an authority to validate, or to issue
 */
record Patience(Duration settling, Duration validation, CountDownLatch closed) {

    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    static Patience usual() {
        return new Patience(Duration.ofSeconds(2), Duration.ofMinutes(2), new CountDownLatch(1));
    }

    Patience settlingIn(Duration duration) {
        return new Patience(duration, validation, closed);
    }

    void close() {
        closed.countDown();
    }

    void settle() {
        pause(settling);
    }

    /** Asks again and again until the status is one of those, as often as the authority likes. */
    Status until(Predicate<Status> wanted, PollableResource resource) throws AcmeException {
        long deadline = System.nanoTime() + validation.toNanos();
        Duration pause = FIRST_PAUSE;
        while (true) {
            Optional<Instant> notBefore = resource.fetch();
            Status status = resource.getStatus();
            if (wanted.test(status)) {
                return status;
            }
            if (System.nanoTime() - deadline > 0) {
                throw new AcmeException(
                        "the authority has not come to an end within %s; it says %s".formatted(validation, status));
            }
            pause(longer(pause, notBefore));
            pause = shorter(pause.multipliedBy(2), LONGEST_PAUSE);
        }
    }

    private static Duration longer(Duration pause, Optional<Instant> notBefore) {
        return notBefore
                .map(instant -> Duration.between(Instant.now(), instant))
                .filter(asked -> asked.compareTo(pause) > 0)
                .map(asked -> shorter(asked, Duration.ofMinutes(1)))
                .orElse(pause);
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private void pause(Duration duration) {
        try {
            if (closed.await(duration.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new CancellationException("closed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted");
        }
    }
}
