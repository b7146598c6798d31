package dev.flynn.store;

import static java.util.Objects.requireNonNull;

import dev.flynn.base.watch.ChangeHistory;
import dev.flynn.base.watch.StoreWatches;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreChange.KeyChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.Transaction;
import dev.flynn.spi.store.Transaction.Condition;
import dev.flynn.spi.store.Transaction.Operation;
import dev.flynn.store.RememberedResults.Remembered;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a store knows, and the only place that decides what a transaction does. Deterministic: the same commands in the same
 * order give the same state on every replica; time comes with the command. Not thread-safe.
 */
final class StoreState implements StoreWatches.Source {

    private final NavigableMap<String, StoreEntry> entries = new TreeMap<>();
    /** The last number of each sequence; never removed, so that no number is given twice. */
    private final Map<String, Long> sequences = new HashMap<>();

    private final ChangeHistory history;
    private final RememberedResults remembered;
    private long revision;
    private long timeMillis;

    StoreState(StoreLimits limits) {
        this.history = new ChangeHistory(limits.historyChanges(), limits.historyBytes());
        this.remembered = new RememberedResults(
                limits.rememberedTransactions(), limits.rememberedFor().toMillis());
    }

    /** Does what the transaction asks for if its conditions hold, unless it has been done before. */
    CommitResult apply(Command command) {
        timeMillis = Math.max(timeMillis, command.timeMillis());
        remembered.expire(timeMillis);
        Transaction transaction = command.transaction();
        Optional<CommitResult> before = remembered.find(transaction.id());
        if (before.isPresent()) {
            return before.get();
        }
        CommitResult result = conflict(transaction).orElseGet(() -> perform(transaction.operations()));
        remembered.add(new Remembered(transaction.id(), timeMillis, result));
        return result;
    }

    private Optional<CommitResult> conflict(Transaction transaction) {
        for (Condition condition : transaction.conditions()) {
            if (modRevision(condition.key()) != condition.modRevision()) {
                return Optional.of(CommitResult.conflict(revision, condition.key()));
            }
        }
        return Optional.empty();
    }

    private long modRevision(String key) {
        StoreEntry entry = entries.get(key);
        return entry == null ? 0 : entry.modRevision();
    }

    private CommitResult perform(List<Operation> operations) {
        if (operations.isEmpty()) {
            return CommitResult.committed(revision, List.of());
        }
        revision++;
        List<KeyChange> changes = new ArrayList<>();
        List<String> appendedKeys = new ArrayList<>();
        for (Operation operation : operations) {
            if (operation instanceof Operation.Put put) {
                changes.add(put(put.key(), put.value()));
            } else if (operation instanceof Operation.Append append) {
                KeyChange appended = append(append.prefix(), append.value());
                appendedKeys.add(appended.key());
                changes.add(appended);
            } else if (operation instanceof Operation.Delete delete && entries.remove(delete.key()) != null) {
                changes.add(new KeyChange(delete.key(), Optional.empty()));
            }
        }
        if (!changes.isEmpty()) {
            history.add(new StoreChange(revision, changes));
        }
        return CommitResult.committed(revision, appendedKeys);
    }

    private KeyChange put(String key, String value) {
        StoreEntry entry = requireNonNull(entries.compute(
                key,
                (same, previous) -> new StoreEntry(
                        same, value, previous == null ? revision : previous.createRevision(), revision)));
        return new KeyChange(key, Optional.of(entry));
    }

    /** Under the next number; one that somebody wrote by hand is passed over. */
    private KeyChange append(String prefix, String value) {
        long number = sequences.getOrDefault(prefix, 0L);
        StoreEntry entry;
        do {
            number++;
            entry = new StoreEntry(Transaction.sequenceKey(prefix, number), value, revision, revision);
        } while (entries.putIfAbsent(entry.key(), entry) != null);
        sequences.put(prefix, number);
        return new KeyChange(entry.key(), Optional.of(entry));
    }

    Optional<StoreEntry> get(String key) {
        return Optional.ofNullable(entries.get(key));
    }

    StoreSnapshot list(String prefix) {
        List<StoreEntry> found = new ArrayList<>();
        for (StoreEntry entry : entries.tailMap(prefix, true).values()) {
            if (!entry.key().startsWith(prefix)) {
                break;
            }
            found.add(entry);
        }
        return new StoreSnapshot(revision, found);
    }

    @Override
    public long revision() {
        return revision;
    }

    long timeMillis() {
        return timeMillis;
    }

    @Override
    public ChangeHistory history() {
        return history;
    }

    RememberedResults remembered() {
        return remembered;
    }

    /** This state as it is now, to be written while it goes on. */
    StoreImage image() {
        return new StoreImage(
                revision,
                timeMillis,
                List.copyOf(entries.values()),
                Map.copyOf(sequences),
                history.compactedRevision(),
                List.copyOf(history.after(0)),
                remembered.oldestFirst());
    }

    /** Makes this empty state the one that a snapshot describes; its history and results follow through their own. */
    void restore(long atRevision, long atTimeMillis, List<StoreEntry> allEntries, Map<String, Long> allSequences) {
        revision = atRevision;
        timeMillis = atTimeMillis;
        allEntries.forEach(entry -> entries.put(entry.key(), entry));
        sequences.putAll(allSequences);
    }
}
