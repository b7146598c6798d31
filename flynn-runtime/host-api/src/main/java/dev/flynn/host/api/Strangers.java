package dev.flynn.host.api;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Those who were not let in: each of them waits for the answer, few of an address wait at a time, all are counted. */
final class Strangers {

    private static final Logger log = LoggerFactory.getLogger(Strangers.class);

    /** How long an answer takes that says no. */
    static final Duration DELAY = Duration.ofMillis(500);

    /** How many of one address may wait for it. */
    static final int MAX_WAITING = 8;

    private static final long REPORT_NANOS = Duration.ofSeconds(10).toNanos();

    private final Map<String, Integer> waiting = new ConcurrentHashMap<>();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong reportedAt = new AtomicLong(System.nanoTime() - REPORT_NANOS);

    /** False if so many of this address wait already that this one gets no answer at all. */
    boolean mayWait(SocketAddress peer) {
        long count = refused.incrementAndGet();
        long before = reportedAt.get();
        if (System.nanoTime() - before >= REPORT_NANOS && reportedAt.compareAndSet(before, System.nanoTime())) {
            log.atWarn()
                    .addKeyValue("address", address(peer))
                    .addKeyValue("refusedSoFar", count)
                    .log("somebody without a key tried to use the host's API");
        }
        boolean[] room = {true};
        waiting.compute(address(peer), (address, now) -> {
            int already = now == null ? 0 : now;
            room[0] = already < MAX_WAITING;
            return room[0] ? already + 1 : now;
        });
        return room[0];
    }

    void waited(SocketAddress peer) {
        waiting.computeIfPresent(address(peer), (address, now) -> now <= 1 ? null : now - 1);
    }

    /** How many requests were refused. */
    long refused() {
        return refused.get();
    }

    private static String address(SocketAddress peer) {
        return peer instanceof InetSocketAddress internet
                ? internet.getAddress().getHostAddress()
                : String.valueOf(peer);
    }
}
