package dev.flynn.state;

import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Records of one kind, as JSON under one prefix of the store. Thread-safe.
 *
 * <p>Writing methods add to a transaction, so that several records change together; {@link #update} is the short form for
 * one record.
 */
public final class Table<T> {

    private final ClusterStore store;
    private final FlynnJson json;
    private final String prefix;
    private final Class<T> type;

    /** What was parsed before, by key: a record is parsed once per revision. */
    private final ConcurrentHashMap<String, Versioned<T>> parsed = new ConcurrentHashMap<>();

    Table(ClusterStore store, FlynnJson json, String prefix, Class<T> type) {
        this.store = store;
        this.json = json;
        this.prefix = prefix;
        this.type = type;
    }

    public String key(String id) {
        return prefix + id;
    }

    /** The id that a key of this table has. */
    public String id(String key) {
        return key.substring(prefix.length());
    }

    public Optional<Versioned<T>> find(String id) {
        return store.get(key(id)).map(this::parse);
    }

    /** A record as this replica of the store has it, which may be behind; asks no other, and costs no round trip. */
    public Optional<Versioned<T>> known(String id) {
        return store.get(key(id), Consistency.STALE).map(this::parse);
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND} */
    public Versioned<T> get(String id) {
        return find(id).orElseThrow(
                        () -> FlynnException.notFound(type.getSimpleName().toLowerCase(java.util.Locale.ROOT), id));
    }

    /** All records, sorted by key. */
    public List<Versioned<T>> list() {
        return list("");
    }

    /** The records whose id begins with the prefix, sorted by key. */
    public List<Versioned<T>> list(String idPrefix) {
        List<Versioned<T>> records = new ArrayList<>();
        for (StoreEntry entry : store.list(prefix + idPrefix).entries()) {
            records.add(parse(entry));
        }
        if (idPrefix.isEmpty() && parsed.size() > 2 * records.size() + 1000) {
            Set<String> live = records.stream().map(Versioned::key).collect(Collectors.toSet());
            parsed.keySet().retainAll(live);
        }
        return records;
    }

    /** Adds: create this record, only if the id is free. */
    public void create(Transaction.Builder transaction, String id, T value) {
        String unused = createWritten(transaction, id, value);
    }

    /** As {@link #create}; returns the JSON of the record, which its event may have, too. */
    public String createWritten(Transaction.Builder transaction, String id, T value) {
        String written = json.write(value);
        transaction.whenAbsent(key(id)).put(key(id), written);
        return written;
    }

    /** Adds: replace the record, only if it is still the one that was read. */
    public void replace(Transaction.Builder transaction, Versioned<T> read, T value) {
        String unused = replaceWritten(transaction, read, value);
    }

    /** As {@link #replace}; returns the JSON of the record. */
    String replaceWritten(Transaction.Builder transaction, Versioned<T> read, T value) {
        String written = json.write(value);
        transaction.whenUnchanged(read.key(), read.modRevision()).put(read.key(), written);
        return written;
    }

    /** Adds: delete the record, only if it is still the one that was read. */
    public void remove(Transaction.Builder transaction, Versioned<T> read) {
        transaction.whenUnchanged(read.key(), read.modRevision()).delete(read.key());
    }

    /**
     * Changes one record, again and again until no other writer came in between.
     *
     * @param change a pure function; returning the same value writes nothing
     * @return the record as it is now
     * @throws FlynnException {@code OBJECT_NOT_FOUND}
     */
    public T update(String id, UnaryOperator<T> change) {
        while (true) {
            Versioned<T> read = get(id);
            T changed = change.apply(read.value());
            if (changed.equals(read.value())) {
                return changed;
            }
            Transaction.Builder transaction = Transaction.builder();
            replace(transaction, read, changed);
            if (store.commit(transaction.build()).committed()) {
                return changed;
            }
        }
    }

    /** A live copy of this table, see {@link TableView}; the caller closes it. */
    public TableView<T> view(Runnable onChange) {
        return new TableView<>(this, store, prefix, onChange);
    }

    /** What changes from now on, see {@link TableFeed}; the caller closes it. */
    public TableFeed<T> feed(Runnable onChange) {
        return new TableFeed<>(this, this::parse, store, prefix, onChange);
    }

    /**
     * As {@link #feed}, with records as the JSON that they are stored as: for who needs few of them, and reads these by {@link
     * #known}, which is never behind what the feed has told.
     */
    public TableFeed<String> unreadFeed(Runnable onChange) {
        return new TableFeed<>(this, Table::unread, store, prefix, onChange);
    }

    private static Versioned<String> unread(StoreEntry entry) {
        return new Versioned<>(entry.key(), entry.value(), entry.createRevision(), entry.modRevision());
    }

    /** The key was deleted. */
    void forget(String key) {
        parsed.remove(key);
    }

    Versioned<T> parse(StoreEntry entry) {
        Versioned<T> known = parsed.get(entry.key());
        if (known != null && known.modRevision() == entry.modRevision()) {
            return known;
        }
        var record = new Versioned<>(
                entry.key(), json.read(entry.value(), type), entry.createRevision(), entry.modRevision());
        parsed.put(entry.key(), record);
        return record;
    }
}
