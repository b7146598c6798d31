package dev.flynn.discovery;

import dev.flynn.discovery.Records.SweeperRecord;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes the instances of members that are gone: those whose lease was not seen to change for the lease's patience.
 *
 * <p>One member of the cluster does it, named by a record in the store. Every transaction is fenced: it holds only while that
 * record, the dead member's lease and the instances are as they were seen. So a member that comes back stops its sweeper by
 * its first renewal, and of two sweepers one finds its transaction refused. Not thread-safe.
 */
final class Sweeper {

    private static final Logger log = LoggerFactory.getLogger(Sweeper.class);

    private final ClusterStore store;
    private final Records records;
    private final Feed feed;
    private final String self;
    private final Duration ttl;
    private final Duration patience;
    private final Instant start;
    private final Map<String, Sighting> seen = new HashMap<>();
    private Instant lastLook;

    /**
     * A lease as it was seen.
     *
     * @param revision 0 if there is none
     */
    private record Sighting(long revision, Instant since) {}

    Sweeper(ClusterStore store, Records records, Feed feed, String self, Duration ttl, Duration patience, Instant now) {
        this.store = store;
        this.records = records;
        this.feed = feed;
        this.self = self;
        this.ttl = ttl;
        this.patience = patience;
        this.start = now;
        this.lastLook = now;
    }

    void look(Instant now) {
        if (now.isAfter(lastLook.plus(ttl))) {
            // this process stood still: what it has not seen change may have changed all the same
            seen.clear();
        }
        lastLook = now;
        Map<String, Long> leases = leases();
        sight(leases, now);
        Set<String> gone =
                seen.keySet().stream().filter(member -> isGone(member, now)).collect(Collectors.toSet());
        if (gone.isEmpty()) {
            return;
        }
        OptionalLong role = role(gone, leases.keySet());
        if (role.isPresent()) {
            gone.forEach(member -> sweep(member, role.getAsLong()));
        }
    }

    private Map<String, Long> leases() {
        return store.list(ServiceKeys.MEMBERS, Consistency.STALE).entries().stream()
                .collect(Collectors.toMap(
                        entry -> entry.key().substring(ServiceKeys.MEMBERS.length()), StoreEntry::modRevision));
    }

    private void sight(Map<String, Long> leases, Instant now) {
        Set<String> others = new HashSet<>(leases.keySet());
        others.addAll(feed.members());
        others.remove(self);
        seen.keySet().retainAll(others);
        for (String member : others) {
            long revision = leases.getOrDefault(member, 0L);
            Sighting before = seen.get(member);
            if (before == null || before.revision() != revision) {
                seen.put(member, new Sighting(revision, now));
            }
        }
    }

    /** After this process's start everybody gets twice the time to live: perhaps everything was restarted. */
    private boolean isGone(String member, Instant now) {
        Sighting sighting = seen.get(member);
        return sighting != null
                && now.isAfter(sighting.since().plus(patience))
                && !now.isBefore(start.plus(ttl.multipliedBy(2)));
    }

    /** The revision of the record that makes this member the sweeper; empty while another one is. */
    private OptionalLong role(Set<String> gone, Set<String> withLease) {
        Optional<StoreEntry> record = store.get(ServiceKeys.SWEEPER);
        if (record.isPresent()) {
            String holder = records.sweeper(record.get()).member();
            if (holder.equals(self)) {
                return OptionalLong.of(record.get().modRevision());
            }
            if (withLease.contains(holder) && !gone.contains(holder)) {
                return OptionalLong.empty();
            }
        }
        CommitResult result = store.commit(Transaction.builder()
                .whenUnchanged(
                        ServiceKeys.SWEEPER, record.map(StoreEntry::modRevision).orElse(0L))
                .put(ServiceKeys.SWEEPER, records.write(new SweeperRecord(self)))
                .build());
        return result.committed() ? OptionalLong.of(result.revision()) : OptionalLong.empty();
    }

    private void sweep(String member, long role) {
        Sighting sighting = seen.get(member);
        if (sighting == null) {
            return;
        }
        String lease = ServiceKeys.MEMBERS + member;
        var removal = new Removal(
                store,
                fence -> fence.whenUnchanged(ServiceKeys.SWEEPER, role).whenUnchanged(lease, sighting.revision()));
        List<String> removed = removal.remove(feed.heldBy(member));
        boolean complete = !removal.isFenced();
        if (complete && sighting.revision() > 0) {
            store.commit(Transaction.builder()
                    .whenUnchanged(ServiceKeys.SWEEPER, role)
                    .whenUnchanged(lease, sighting.revision())
                    .delete(lease)
                    .build());
        }
        if (!removed.isEmpty()) {
            log.atInfo()
                    .addKeyValue("member", member)
                    .addKeyValue("instances", removed.size())
                    .log("registrations of a member that is gone were removed");
        }
    }
}
