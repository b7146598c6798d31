package dev.flynn.access;

import dev.flynn.api.access.AuditEntry;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.base.NamedThreads;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Companion;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who changed what, as a sequence in the cluster store.
 *
 * <p>The entry of a request that changes the store is in the transaction that changes it ({@link #accompany}): who was told that
 * something was done finds its entry, whatever happened in between. Entries of other requests, those that were refused above all,
 * are written behind them, many at once, within a moment ({@link #record}). While the store takes nothing, 10,000 wait; more are
 * counted, and the next entry says how many are missing. The newest 10,000 of the last 90 days are kept. Thread-safe.
 */
public final class AuditTrail implements AutoCloseable {

    static final int KEPT = 10_000;
    static final Duration KEPT_FOR = Duration.ofDays(90);

    private static final Logger log = LoggerFactory.getLogger(AuditTrail.class);

    private static final String PREFIX = "audit/";
    private static final int MAX_WAITING = 10_000;
    private static final int WRITTEN_AT_ONCE = 500;
    private static final int DELETED_AT_ONCE = 1000;

    /** How long others are waited for, that go into the same transaction. */
    private static final Duration GATHERING = Duration.ofMillis(50);

    private static final Duration BETWEEN_ATTEMPTS = Duration.ofSeconds(1);
    private static final Duration CLOSING_PATIENCE = Duration.ofSeconds(3);

    /** Ends a wait and is not stored. */
    private static final AuditEntry WAKE_UP =
            new AuditEntry(0, Instant.EPOCH, "", "", "", Optional.empty(), 0, 0, "", "", 0);

    private final ClusterState state;
    private final ClusterStore store;
    private final FlynnJson json;
    private final int kept;
    private final BlockingQueue<AuditEntry> waiting;
    private final AtomicLong missing = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();
    private final AtomicInteger sinceTrimmed;
    private final Thread writer = new NamedThreads("audit").newThread(this::write);
    private volatile boolean closing;

    public AuditTrail(ClusterState state) {
        this(state, MAX_WAITING, KEPT);
    }

    AuditTrail(ClusterState state, int maxWaiting, int kept) {
        this.state = state;
        this.store = state.store();
        this.json = state.json();
        this.kept = kept;
        this.waiting = new ArrayBlockingQueue<>(maxWaiting);
        this.sinceTrimmed = new AtomicInteger(trimmedEvery() - 1);
        writer.start();
    }

    /** Takes an entry, whose id and app are looked up later; returns at once. */
    public void record(AuditEntry entry) {
        if (closing || !waiting.offer(entry)) {
            missing.incrementAndGet();
            lost.incrementAndGet();
        }
    }

    /**
     * Until it is closed, the first change of this thread has the entry with it.
     *
     * @param entry is asked for when there is a change; its id and app are looked up
     */
    public Companion accompany(Supplier<AuditEntry> entry) {
        return state.accompany(PREFIX, () -> {
            AuditEntry now = entry.get();
            if (sinceTrimmed.incrementAndGet() % trimmedEvery() == 0) {
                boolean unused = waiting.offer(WAKE_UP);
            }
            return json.write(with(0, now, app(now), 0));
        });
    }

    private int trimmedEvery() {
        return Math.max(1, kept / 10);
    }

    /** How many entries were not taken since this was made. */
    public long lost() {
        return lost.get();
    }

    /** Entries that match, by ascending id, and the revision after which {@link #watch} goes on. */
    public History history(AuditQuery query) {
        StoreSnapshot snapshot = store.list(PREFIX);
        List<StoreEntry> entries = snapshot.entries();
        Deque<AuditEntry> found = new ArrayDeque<>();
        for (int i = entries.size() - 1; i >= 0 && found.size() < query.count(); i--) {
            AuditEntry entry = parse(entries.get(i));
            if (query.matches(entry)) {
                found.addFirst(entry);
            }
        }
        return new History(snapshot.revision(), List.copyOf(found));
    }

    /** Entries up to a revision. */
    public record History(long revision, List<AuditEntry> entries) {}

    /** Delivers every entry stored after a revision, in order. */
    public Subscription watch(long afterRevision, Consumer<AuditEntry> onEntry, Consumer<FlynnException> onEnd) {
        return store.watch(PREFIX, afterRevision, new StoreWatcher() {
            @Override
            public void onChange(StoreChange change) {
                change.changes()
                        .forEach(key -> key.entry().map(AuditTrail.this::parse).ifPresent(onEntry));
            }

            @Override
            public void onEnd(FlynnException reason) {
                onEnd.accept(reason);
            }
        });
    }

    private AuditEntry parse(StoreEntry stored) {
        AuditEntry entry = json.read(stored.value(), AuditEntry.class);
        return with(Transaction.sequenceNumber(PREFIX, stored.key()), entry, entry.app(), entry.missing());
    }

    private static AuditEntry with(long id, AuditEntry entry, Optional<String> app, long missing) {
        return new AuditEntry(
                id,
                entry.at(),
                entry.key(),
                entry.method(),
                entry.path(),
                app,
                entry.status(),
                entry.millis(),
                entry.requestId(),
                entry.remote(),
                missing);
    }

    private void write() {
        List<AuditEntry> batch = new ArrayList<>();
        try {
            while (gather(batch)) {
                commit(batch);
                sinceTrimmed.addAndGet(batch.size());
                batch.clear();
                if (sinceTrimmed.get() >= trimmedEvery()) {
                    sinceTrimmed.set(0);
                    trim();
                }
            }
        } catch (IllegalStateException storeIsClosed) {
            lost.addAndGet(batch.size());
        } catch (InterruptedException e) {
            waiting.removeIf(entry -> entry == WAKE_UP);
            lost.addAndGet(batch.size() + waiting.size());
        }
    }

    /** Leaves the batch empty when it is time to trim; false when this is closed and nothing waits. */
    private boolean gather(List<AuditEntry> batch) throws InterruptedException {
        while (batch.isEmpty()) {
            AuditEntry first = closing ? waiting.poll() : waiting.poll(1, TimeUnit.HOURS);
            if (first != null && first != WAKE_UP) {
                batch.add(first);
            } else if (closing && first == null) {
                return false;
            } else if (!closing && sinceTrimmed.get() >= trimmedEvery()) {
                return true;
            }
        }
        if (!closing) {
            TimeUnit.NANOSECONDS.sleep(GATHERING.toNanos());
        }
        waiting.drainTo(batch, WRITTEN_AT_ONCE - 1);
        batch.removeIf(entry -> entry == WAKE_UP);
        return true;
    }

    /** Repeats the same transaction until the store took it, which has no further effect if it did before. */
    private void commit(List<AuditEntry> batch) throws InterruptedException {
        if (batch.isEmpty()) {
            return;
        }
        long untold = missing.getAndSet(0);
        Transaction.Builder builder = Transaction.builder();
        for (AuditEntry entry : batch) {
            builder.append(PREFIX, json.write(with(0, entry, app(entry), untold)));
            untold = 0;
        }
        Transaction transaction = builder.build();
        while (true) {
            try {
                var unused = store.commit(transaction);
                return;
            } catch (FlynnException e) {
                log.atWarn()
                        .setCause(e)
                        .addKeyValue("entries", batch.size())
                        .addKeyValue("waiting", waiting.size())
                        .log("audit entries not stored; tried again");
                if (closing) {
                    throw new InterruptedException("closed while the store takes nothing");
                }
                TimeUnit.NANOSECONDS.sleep(BETWEEN_ATTEMPTS.toNanos());
            }
        }
    }

    /** The id of the app that the entry names, as far as this host knows it: whoever was asked has just looked it up. */
    private Optional<String> app(AuditEntry entry) {
        return entry.app()
                .map(named -> state.knownAppId(named).map(AppId::toString).orElse(named));
    }

    /** Deletes what is too much, or too old; others may do so at the same time. */
    private void trim() {
        try {
            Instant oldest = state.clock().instant().minus(KEPT_FOR);
            List<StoreEntry> entries = store.list(PREFIX).entries();
            List<String> surplus = new ArrayList<>();
            for (StoreEntry entry : entries) {
                if (surplus.size() < entries.size() - kept || parse(entry).at().isBefore(oldest)) {
                    surplus.add(entry.key());
                } else {
                    break;
                }
            }
            for (int from = 0; from < surplus.size(); from += DELETED_AT_ONCE) {
                Transaction.Builder transaction = Transaction.builder();
                surplus.subList(from, Math.min(from + DELETED_AT_ONCE, surplus.size()))
                        .forEach(transaction::delete);
                store.commit(transaction.build());
            }
        } catch (FlynnException e) {
            log.atWarn().setCause(e).log("old audit entries not deleted");
        }
    }

    /** Stores what waits, if the store takes it. */
    @Override
    public void close() {
        closing = true;
        boolean unused = waiting.offer(WAKE_UP);
        try {
            writer.join(CLOSING_PATIENCE.toMillis());
            writer.interrupt();
            writer.join(CLOSING_PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (lost.get() > 0) {
            log.atWarn().addKeyValue("entries", lost.get()).log("audit entries were lost");
        }
    }
}
