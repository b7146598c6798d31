package dev.flynn.discovery;

import dev.flynn.api.error.FlynnException;
import dev.flynn.discovery.Records.MemberRecord;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What this process shows the others to prove that it lives: one small record in the store, written anew every few seconds
 * while it takes heartbeats. The others do not compare clocks; they watch whether the record changes.
 *
 * <p>While the lease is {@linkplain #isFresh fresh}, nobody else expires the instances that send their heartbeats here.
 */
final class Lease {

    private final ClusterStore store;
    private final Records records;
    private final Feed feed;
    private final String member;
    private final Clock clock;
    private final Duration ttl;
    private final String process = UUID.randomUUID().toString();

    // guarded by this
    private boolean begun;
    private boolean lost;
    private long renewals;
    private long modRevision;

    private volatile @Nullable Instant renewed;

    Lease(ClusterStore store, Records records, Feed feed, String member, Clock clock, Duration ttl) {
        this.store = store;
        this.records = records;
        this.feed = feed;
        this.member = member;
        this.clock = clock;
        this.ttl = ttl;
    }

    /** How long a renewal holds; the rest of {@link #patience} is what a heartbeat at its end is owed. */
    private Duration validity() {
        return ttl.dividedBy(2);
    }

    /** How long the others see a lease unchanged before they take its member for gone. */
    Duration patience() {
        return ttl.plus(validity());
    }

    /** How often it is renewed, so that a renewal may fail or be slow. */
    Duration interval() {
        return ttl.dividedBy(4);
    }

    boolean isFresh() {
        return isYoungerThan(validity());
    }

    /** Renews if it is time to. */
    void renewIfDue() {
        if (!isYoungerThan(interval())) {
            renew();
        }
    }

    private boolean isYoungerThan(Duration age) {
        Instant last = renewed;
        return last != null && clock.instant().isBefore(last.plus(age));
    }

    /** @throws FlynnException {@code SERVICE_UNAVAILABLE} if the store does not answer, or another process is this member */
    void requireFresh() {
        if (!isFresh()) {
            synchronized (this) {
                if (!isFresh()) {
                    renew();
                }
            }
        }
    }

    private synchronized void renew() {
        requireMine();
        String key = ServiceKeys.MEMBERS + member;
        if (!begun) {
            // whoever was this member before is gone, or learns now that it was replaced
            modRevision = store.get(key).map(StoreEntry::modRevision).orElse(0L);
        }
        // what the others removed while this process looked dead has to be known before it counts as alive again
        boolean lapsed = !isFresh() && feed.holdsAny(member);
        CommitResult result;
        Instant before;
        do {
            before = clock.instant();
            Transaction.Builder transaction = Transaction.builder()
                    .whenUnchanged(key, modRevision)
                    .put(key, records.write(new MemberRecord(process, ++renewals)));
            if (lapsed) {
                transaction.put(ServiceKeys.MARKS + member, records.write(new MemberRecord(process, renewals)));
            }
            result = store.commit(transaction.build());
            if (!result.committed()) {
                Optional<StoreEntry> now = store.get(key);
                lost = begun
                        && now.map(entry -> !records.member(entry).process().equals(process))
                                .orElse(false);
                requireMine();
                modRevision = now.map(StoreEntry::modRevision).orElse(0L);
            }
        } while (!result.committed());
        begun = true;
        modRevision = result.revision();
        if (lapsed) {
            feed.await(result.revision());
        }
        renewed = before;
    }

    private void requireMine() {
        if (lost) {
            renewed = null;
            throw FlynnException.unavailable(
                    "another process takes heartbeats as \"%s\"; each needs a name of its own, so stop one of them"
                            .formatted(member),
                    null);
        }
    }
}
