package dev.flynn.base;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ending executors the same way everywhere. */
public final class Executors {

    private static final Logger log = LoggerFactory.getLogger(Executors.class);

    private Executors() {}

    /** Interrupts what runs and waits for it; says so when something does not end in time. */
    public static void stop(ExecutorService executor, String owner, Duration patience) {
        executor.shutdownNow();
        try {
            if (!executor.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                log.atWarn().addKeyValue("owner", owner).log("threads still busy after the time to stop");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
