package dev.flynn.controller.http;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts requests that came with a wrong key; the log has a line about them now and then. */
final class WrongKeys {

    private static final Logger log = LoggerFactory.getLogger(WrongKeys.class);

    private static final long REPORT_NANOS = Duration.ofSeconds(10).toNanos();

    private final FailedAttempts attempts = new FailedAttempts(System::nanoTime);
    private final AtomicLong reportedAt = new AtomicLong(System.nanoTime() - REPORT_NANOS);

    /** How long the answer takes; nothing if there is to be none. */
    Optional<Duration> count(String address, String path) {
        Optional<Duration> delay = attempts.failed(address);
        long before = reportedAt.get();
        if (System.nanoTime() - before >= REPORT_NANOS && reportedAt.compareAndSet(before, System.nanoTime())) {
            log.atWarn()
                    .addKeyValue("remote", address)
                    .addKeyValue("path", path)
                    .addKeyValue("refusedSoFar", attempts.count())
                    .log("request with a wrong key refused");
        }
        return delay;
    }

    /** Whether another wrong key of this address would have to wait for its answer. */
    boolean wouldWait(String address) {
        return attempts.wouldWait(address);
    }
}
