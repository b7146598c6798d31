package dev.flynn.discovery.etcd;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/** Until when the instances that send this process their heartbeats live. Thread-safe. */
final class Deadlines {

    /** @param modRevision how the instance was when the heartbeat was taken */
    record Due(String key, long modRevision) {}

    private record Life(long until, long modRevision) {}

    private final Duration ttl;
    private final LongSupplier nanoTime;

    // guarded by this
    private final Map<String, Life> lives = new HashMap<>();
    private final Set<String> dying = new HashSet<>();
    private long lookedAt;

    Deadlines(Duration ttl, LongSupplier nanoTime) {
        this.ttl = ttl;
        this.nanoTime = nanoTime;
        this.lookedAt = nanoTime.getAsLong();
    }

    /**
     * Takes a heartbeat.
     *
     * @return whether it counts; otherwise the instance is just being removed, and has to be written again
     */
    synchronized boolean renew(String key, long modRevision) {
        if (dying.contains(key)) {
            return false;
        }
        lives.put(key, new Life(nanoTime.getAsLong() + ttl.toNanos(), modRevision));
        return true;
    }

    /** An instance was written: whoever wants to remove an earlier one will find it changed. */
    synchronized void wrote(String key, long modRevision) {
        lives.put(key, new Life(nanoTime.getAsLong() + ttl.toNanos(), modRevision));
    }

    /** An instance from before this process began gets twice the time, for nobody could send heartbeats (DI-5). */
    synchronized void adopted(String key, long modRevision) {
        lives.put(key, new Life(nanoTime.getAsLong() + 2 * ttl.toNanos(), modRevision));
    }

    synchronized void forget(String key) {
        lives.remove(key);
    }

    synchronized boolean isEmpty() {
        return lives.isEmpty();
    }

    /**
     * The instances whose time is over. They are dying until {@link #removed}.
     *
     * <p>When nobody looked for longer than the time to live, this process stood still and could take no heartbeats: then all
     * get the time of a restart.
     */
    synchronized List<Due> takeDue() {
        long now = nanoTime.getAsLong();
        boolean stoodStill = now - lookedAt > ttl.toNanos();
        lookedAt = now;
        if (stoodStill) {
            lives.replaceAll((key, life) -> new Life(now + 2 * ttl.toNanos(), life.modRevision()));
            return List.of();
        }
        List<Due> due = new ArrayList<>();
        lives.forEach((key, life) -> {
            if (life.until() - now <= 0) {
                due.add(new Due(key, life.modRevision()));
            }
        });
        for (Due each : due) {
            lives.remove(each.key());
            dying.add(each.key());
        }
        return due;
    }

    synchronized void removed(Due due) {
        dying.remove(due.key());
    }

    /** The removal failed, and is tried again. */
    synchronized void stillThere(Due due) {
        dying.remove(due.key());
        lives.putIfAbsent(due.key(), new Life(nanoTime.getAsLong(), due.modRevision()));
    }
}
