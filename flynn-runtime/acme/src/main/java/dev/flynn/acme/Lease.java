package dev.flynn.acme;

import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Table;
import dev.flynn.state.Versioned;
import dev.flynn.state.acme.AcmeState;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * The permission to ask the authority: one of all who could has it.
 *
 * <p>Its holder shows from time to time that it lives. Who sees no sign of life for a while, by its own clock, takes the lease
 * over; whatever the one before still writes is refused. So clocks need not agree. Thread-safe.
 */
final class Lease {

    /** After which a holder that gives no sign of life has lost it. */
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final String HOLDER = "lease";
    private static final String SIGN = "lease-sign";

    private final ClusterState state;
    private final String self;
    private final Duration patience;
    private final Table<Holder> holders;
    private final Table<Sign> signs;

    // guarded by this
    private Optional<Versioned<Holder>> held = Optional.empty();
    private Instant signedAt = Instant.MIN;
    private long seenRevision = -1;
    private Instant seenAt = Instant.MIN;

    record Holder(String name) {}

    /** @param of the holder */
    record Sign(String of, String at) {}

    Lease(ClusterState state, String self, Duration patience) {
        this.state = state;
        this.self = self;
        this.patience = patience;
        this.holders = state.table(AcmeState.PREFIX, Holder.class);
        this.signs = state.table(AcmeState.PREFIX, Sign.class);
    }

    /** When to ask again, or to give the next sign of life. */
    Duration interval() {
        return patience.dividedBy(3);
    }

    /** Takes or keeps it. */
    synchronized boolean hold() {
        Instant now = state.clock().instant();
        Optional<Versioned<Holder>> known = holders.find(HOLDER);
        if (known.isPresent() && known.get().value().name().equals(self)) {
            held = known;
            return !signedAt.plus(interval()).isAfter(now) ? sign(now) : true;
        }
        held = Optional.empty();
        if (known.isPresent() && !isSilent(now)) {
            return false;
        }
        Transaction.Builder transaction = Transaction.builder();
        if (known.isPresent()) {
            holders.replace(transaction, known.get(), new Holder(self));
        } else {
            holders.create(transaction, HOLDER, new Holder(self));
        }
        if (!state.commit(transaction).committed()) {
            return false;
        }
        held = holders.find(HOLDER).filter(holder -> holder.value().name().equals(self));
        return held.isPresent() && sign(now);
    }

    /** Whether neither the holder nor its signs have changed for as long as the patience. */
    private boolean isSilent(Instant now) {
        long revision = Math.max(
                holders.find(HOLDER).map(Versioned::modRevision).orElse(0L),
                signs.find(SIGN).map(Versioned::modRevision).orElse(0L));
        if (revision != seenRevision) {
            seenRevision = revision;
            seenAt = now;
        }
        return !seenAt.plus(patience).isAfter(now);
    }

    private boolean sign(Instant now) {
        Transaction.Builder transaction = Transaction.builder();
        guard(transaction);
        transaction.put(signs.key(SIGN), state.json().write(new Sign(self, now.toString())));
        boolean signed = state.commit(transaction).committed();
        signedAt = signed ? now : signedAt;
        return signed;
    }

    private synchronized void guard(Transaction.Builder transaction) {
        Versioned<Holder> own = held.orElseThrow(Lease::lost);
        transaction.whenUnchanged(own.key(), own.modRevision());
    }

    /**
     * Commits, only if this still holds the lease.
     *
     * @throws CancellationException if another has it now, or the records were changed: whoever has it looks again
     */
    void commit(Transaction.Builder transaction) {
        guard(transaction);
        if (!state.commit(transaction).committed()) {
            throw lost();
        }
    }

    private static CancellationException lost() {
        return new CancellationException("another router gets the certificates now, or what they are for has changed");
    }

    /** Lets another take it at once. */
    synchronized void release() {
        held.ifPresent(own -> {
            Transaction.Builder transaction = Transaction.builder();
            holders.remove(transaction, own);
            var unused = state.commit(transaction);
        });
        held = Optional.empty();
    }
}
