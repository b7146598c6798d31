package dev.flynn.discovery.etcd;

import dev.flynn.api.error.FlynnException;
import java.time.Duration;

/**
 * The one lease of etcd that all instances of this process hang on. When the process is gone, etcd removes them: the lease
 * lives twice the time to live, so that none goes before its own time. Thread-safe.
 */
final class ProcessLease {

    /** There is none yet, or it is lost. */
    private static final long NONE = 0;

    private final Etcd etcd;
    private final Duration ttl;

    // guarded by this
    private long lease = NONE;
    private long renewedAt;

    ProcessLease(Etcd etcd, Duration ttl) {
        this.etcd = etcd;
        this.ttl = ttl;
    }

    /**
     * A lease that outlives, even if it is not renewed any more, a heartbeat that is taken now.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if etcd cannot be asked and the last renewal was too long ago
     */
    synchronized long current() {
        boolean longAgo = System.nanoTime() - renewedAt > ttl.toNanos() * 8 / 10;
        if (lease == NONE || longAgo) {
            renew();
        }
        return lease;
    }

    /** Renews the lease; without one, or when it ran out, gets a new one. */
    synchronized void renew() {
        long begin = System.nanoTime();
        if (lease == NONE || !etcd.renew(lease)) {
            lease = etcd.grant(ttl.multipliedBy(2));
        }
        renewedAt = begin;
    }

    /** Etcd does not know it any more. */
    synchronized void lost(long gone) {
        if (lease == gone) {
            lease = NONE;
        }
    }
}
