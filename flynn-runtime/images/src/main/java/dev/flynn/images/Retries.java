package dev.flynn.images;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tries again what a registry, or the way to it, may do better the next time; after pauses that double. */
final class Retries {

    private static final Logger log = LoggerFactory.getLogger(Retries.class);

    private static final int ATTEMPTS = 3;

    /** Who wants to be left alone for longer is given up. */
    private static final Duration LONGEST = Duration.ofSeconds(30);

    private final Duration pause;
    private final int attempts;

    /** @param pause the first one */
    Retries(Duration pause) {
        this(pause, ATTEMPTS);
    }

    private Retries(Duration pause, int attempts) {
        this.pause = pause;
        this.attempts = attempts;
    }

    /** Gives up at once. */
    static Retries none() {
        return new Retries(Duration.ZERO, 1);
    }

    <T> T run(String image, SingleFlight.Work<T> work) throws IOException {
        return run(image, () -> 0, work);
    }

    /** @param progress an attempt that got further than any before it does not count */
    <T> T run(String image, LongSupplier progress, SingleFlight.Work<T> work) throws IOException {
        long furthest = progress.getAsLong();
        Duration next = pause;
        for (int attempt = 1; ; attempt++) {
            try {
                return work.run();
            } catch (RegistryUnavailableException | TruncatedBlobException e) {
                if (progress.getAsLong() > furthest) {
                    furthest = progress.getAsLong();
                    attempt = 1;
                    next = pause;
                }
                Duration wanted = e instanceof RegistryUnavailableException told ? told.notBefore() : Duration.ZERO;
                if (attempt >= attempts || wanted.compareTo(LONGEST) > 0) {
                    throw e;
                }
                log.atDebug()
                        .addKeyValue("image", image)
                        .addKeyValue("reason", e.getMessage())
                        .log("a registry is asked again");
                sleep(wanted.compareTo(next) > 0 ? wanted : next);
                next = next.multipliedBy(2);
            }
        }
    }

    /** A little longer or shorter, so that hosts that failed together do not come back together. */
    private static void sleep(Duration about) throws InterruptedIOException {
        long millis = about.toMillis();
        try {
            TimeUnit.MILLISECONDS.sleep(millis + ThreadLocalRandom.current().nextLong(millis / 4 + 1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while a registry was waited for");
        }
    }
}
