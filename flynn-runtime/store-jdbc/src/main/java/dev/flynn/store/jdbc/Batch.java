package dev.flynn.store.jdbc;

import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreChange.KeyChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import dev.flynn.spi.store.Transaction.Condition;
import dev.flynn.spi.store.Transaction.Operation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Decides transactions, one after another, on what the database holds, and collects what has to be written. Touches no
 * database itself. Not thread-safe.
 */
final class Batch {

    /**
     * What the database holds of that which the transactions concern.
     *
     * @param entries the keys that they name, and those which stand where an append might write, without their values
     * @param sequences the last number of each sequence that they append to
     * @param answers what was answered to those of them that came before
     */
    record Known(
            long revision,
            Map<String, StoreEntry> entries,
            Map<String, Long> sequences,
            Map<UUID, CommitResult> answers) {}

    private final Known known;
    private long revision;
    private final Map<String, Optional<StoreEntry>> written = new LinkedHashMap<>();
    private final Map<String, Long> sequences = new HashMap<>();
    private final Map<UUID, CommitResult> answers = new LinkedHashMap<>();
    private final List<StoreChange> changes = new ArrayList<>();

    Batch(Known known) {
        this.known = known;
        this.revision = known.revision();
    }

    CommitResult decide(Transaction transaction) {
        CommitResult before =
                answers.getOrDefault(transaction.id(), known.answers().get(transaction.id()));
        if (before != null) {
            return before;
        }
        CommitResult result = conflict(transaction).orElseGet(() -> perform(transaction.operations()));
        answers.put(transaction.id(), result);
        return result;
    }

    private Optional<CommitResult> conflict(Transaction transaction) {
        for (Condition condition : transaction.conditions()) {
            StoreEntry entry = entry(condition.key());
            if ((entry == null ? 0 : entry.modRevision()) != condition.modRevision()) {
                return Optional.of(CommitResult.conflict(revision, condition.key()));
            }
        }
        return Optional.empty();
    }

    private CommitResult perform(List<Operation> operations) {
        if (operations.isEmpty()) {
            return CommitResult.committed(revision, List.of());
        }
        revision++;
        List<KeyChange> keyChanges = new ArrayList<>();
        List<String> appendedKeys = new ArrayList<>();
        for (Operation operation : operations) {
            if (operation instanceof Operation.Put put) {
                keyChanges.add(write(put.key(), put.value()));
            } else if (operation instanceof Operation.Append append) {
                String key = nextKey(append.prefix());
                appendedKeys.add(key);
                keyChanges.add(write(key, append.value()));
            } else if (operation instanceof Operation.Delete delete && entry(delete.key()) != null) {
                written.put(delete.key(), Optional.empty());
                keyChanges.add(new KeyChange(delete.key(), Optional.empty()));
            }
        }
        if (!keyChanges.isEmpty()) {
            changes.add(new StoreChange(revision, keyChanges));
        }
        return CommitResult.committed(revision, appendedKeys);
    }

    private KeyChange write(String key, String value) {
        StoreEntry previous = entry(key);
        long createRevision = previous == null ? revision : previous.createRevision();
        Optional<StoreEntry> entry = Optional.of(new StoreEntry(key, value, createRevision, revision));
        written.put(key, entry);
        return new KeyChange(key, entry);
    }

    /** The key of the next number; one that somebody wrote by hand is passed over. */
    private String nextKey(String prefix) {
        long number = sequences.getOrDefault(prefix, known.sequences().getOrDefault(prefix, 0L));
        String key;
        do {
            number++;
            key = Transaction.sequenceKey(prefix, number);
        } while (entry(key) != null);
        sequences.put(prefix, number);
        return key;
    }

    private @Nullable StoreEntry entry(String key) {
        Optional<StoreEntry> mine = written.get(key);
        return mine == null ? known.entries().get(key) : mine.orElse(null);
    }

    /** That of the store when all of this is written. */
    long revision() {
        return revision;
    }

    /** What each key that was touched is in the end; empty where it was deleted. */
    Map<String, Optional<StoreEntry>> written() {
        return written;
    }

    /** The last numbers of the sequences that were appended to. */
    Map<String, Long> sequences() {
        return sequences;
    }

    /** The answers that are new. */
    Map<UUID, CommitResult> answers() {
        return answers;
    }

    List<StoreChange> changes() {
        return changes;
    }
}
