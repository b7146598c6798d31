package dev.flynn.state;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.Event;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The events of the cluster: a sequence in the store, so that their ids follow the order of commits without a gap in what
 * a watcher sees. Thread-safe.
 */
public final class Events {

    static final String PREFIX = "events/";

    private static final int DELETED_AT_ONCE = 1_000;

    private final ClusterStore store;
    private final FlynnJson json;
    private final Clock clock;

    Events(ClusterStore store, FlynnJson json, Clock clock) {
        this.store = store;
        this.json = json;
        this.clock = clock;
    }

    /** Adds: tell of the change that this transaction makes. */
    public void append(
            Transaction.Builder transaction, EventType type, Optional<AppId> app, String objectId, Object data) {
        appendJson(transaction, type, app, objectId, json.write(data));
    }

    /** As {@link #append}, of what has been written already. */
    public void appendJson(
            Transaction.Builder transaction, EventType type, Optional<AppId> app, String objectId, String data) {
        transaction.append(PREFIX, json.write(new Stored(app, type.wireName(), objectId, data, clock.instant())));
    }

    /** Everything that is kept, by ascending id, and the revision after which {@link #watch} continues. */
    public History history() {
        StoreSnapshot snapshot = store.list(PREFIX);
        List<Event> events = snapshot.entries().stream().map(this::parse).toList();
        return new History(snapshot.revision(), events);
    }

    /**
     * The events that match, by ascending id, and the revision after which {@link #watch} continues. Costs no parsing of what
     * obviously does not match.
     */
    public History history(EventQuery query) {
        StoreSnapshot snapshot = store.list(PREFIX);
        List<StoreEntry> entries = snapshot.entries();
        Deque<Event> found = new ArrayDeque<>();
        for (int i = entries.size() - 1; i >= 0 && found.size() < query.limit(); i--) {
            StoreEntry entry = entries.get(i);
            long id = Transaction.sequenceNumber(PREFIX, entry.key());
            if (id <= query.sinceId()) {
                break;
            }
            if (id < query.beforeId() && query.mayMatch(entry.value())) {
                Event event = parse(entry);
                if (query.matches(event)) {
                    found.addFirst(event);
                }
            }
        }
        return new History(snapshot.revision(), List.copyOf(found));
    }

    /** The first events with greater ids, by ascending id, at most this many. */
    public List<Event> after(long id, int max) {
        return store.list(PREFIX).entries().stream()
                .filter(entry -> Transaction.sequenceNumber(PREFIX, entry.key()) > id)
                .limit(max)
                .map(this::parse)
                .toList();
    }

    /** One event by its id. */
    public Optional<Event> find(long id) {
        return store.get(Transaction.sequenceKey(PREFIX, id)).map(this::parse);
    }

    /**
     * Delivers every event committed after a revision, in order of id.
     *
     * @param onEnd called when the watch cannot go on
     */
    public Subscription watch(long afterRevision, Consumer<Event> onEvent, Consumer<FlynnException> onEnd) {
        return watchCommitted(afterRevision, (revision, event) -> onEvent.accept(event), onEnd);
    }

    /** As {@link #watch}, with the revision of each event's commit. */
    public Subscription watchCommitted(long afterRevision, CommittedConsumer onEvent, Consumer<FlynnException> onEnd) {
        return store.watch(PREFIX, afterRevision, new StoreWatcher() {
            @Override
            public void onChange(StoreChange change) {
                change.changes()
                        .forEach(key -> key.entry()
                                .map(Events.this::parse)
                                .ifPresent(event -> onEvent.accept(change.revision(), event)));
            }

            @Override
            public void onEnd(FlynnException reason) {
                onEnd.accept(reason);
            }
        });
    }

    /**
     * Deletes the oldest events, so that no more than this many are left; ids are never given again. May run in several
     * places at the same time.
     *
     * @param keep at least 1: the newest event stays
     * @return how many were deleted
     */
    public int trim(int keep) {
        if (keep < 1) {
            throw FlynnException.invalid("keep is at least 1, was " + keep);
        }
        List<String> surplus =
                store.list(PREFIX).entries().stream().map(StoreEntry::key).toList();
        surplus = surplus.subList(0, Math.max(0, surplus.size() - keep));
        for (int from = 0; from < surplus.size(); from += DELETED_AT_ONCE) {
            Transaction.Builder transaction = Transaction.builder();
            surplus.subList(from, Math.min(from + DELETED_AT_ONCE, surplus.size()))
                    .forEach(transaction::delete);
            store.commit(transaction.build());
        }
        return surplus.size();
    }

    private Event parse(StoreEntry entry) {
        Stored stored = json.read(entry.value(), Stored.class);
        return new Event(
                Transaction.sequenceNumber(PREFIX, entry.key()),
                stored.app(),
                stored.objectType(),
                stored.objectId(),
                stored.data(),
                stored.createdAt());
    }

    /** Is told of each event with the revision at which it was committed. */
    public interface CommittedConsumer {
        void accept(long revision, Event event);
    }

    /** Events up to a revision. */
    public record History(long revision, List<Event> events) {
        public History {
            events = List.copyOf(events);
        }
    }

    /** An event without its id, which is in the key; the data is JSON text. */
    record Stored(Optional<AppId> app, String objectType, String objectId, String data, Instant createdAt) {}
}
