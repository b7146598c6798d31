package dev.flynn.spi.store;

import dev.flynn.spi.component.Subscription;
import java.util.Optional;
import java.util.Set;
import org.apiguardian.api.API;

/**
 * All durable facts of a cluster: keys with values, versioned, ordered, watchable, written by compare-and-set.
 *
 * <p>Promises, each with a test in the TCK:
 *
 * <ul>
 *   <li>CS-1 A transaction happens as a whole or not at all, and only if each of its conditions holds.
 *   <li>CS-2 Transactions are serializable: each committed one with at least one operation raises the revision by
 *       exactly one.
 *   <li>CS-3 A linearizable read sees every transaction acknowledged before it began.
 *   <li>CS-4 {@link #list} shows one revision: no half of a transaction.
 *   <li>CS-5 A watch after revision {@code r} delivers every change with a greater revision, in order, none missed, none
 *       twice, one call per transaction.
 *   <li>CS-6 A watch that asks for changes no longer kept ends with {@code COMPACTED}; it never skips silently.
 *   <li>CS-7 Appends number their keys from 1, strictly increasing in commit order; a number is never used again, not
 *       even after the key was deleted.
 *   <li>CS-8 Committing a transaction again, with the same id, within ten minutes, has no further effect and answers as
 *       the first time.
 *   <li>CS-9 With {@code DURABLE}: what was acknowledged is there after the process was killed at any instruction.
 *   <li>CS-10 After {@link #close} every method but {@code close} throws {@code IllegalStateException}, and watches have
 *       ended.
 * </ul>
 *
 * <p>Implementations are thread-safe. Methods block until the answer is known; one that cannot be given in ten seconds is
 * {@code SERVICE_UNAVAILABLE}, and the transaction may or may not have happened: commit it again.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface ClusterStore extends AutoCloseable {

    Set<StoreCapability> capabilities();

    Optional<StoreEntry> get(String key, Consistency consistency);

    /** The entries whose keys begin with the prefix; an empty prefix means all. */
    StoreSnapshot list(String prefix, Consistency consistency);

    /** Commits, or tells which condition did not hold; a conflict is a result, not a failure. */
    CommitResult commit(Transaction transaction);

    /**
     * Delivers what happens to keys with this prefix after a revision, on a thread of the store.
     *
     * @param afterRevision usually that of a {@link #list}; 0 for everything that is still kept
     */
    Subscription watch(String prefix, long afterRevision, StoreWatcher watcher);

    default Optional<StoreEntry> get(String key) {
        return get(key, Consistency.LINEARIZABLE);
    }

    default StoreSnapshot list(String prefix) {
        return list(prefix, Consistency.LINEARIZABLE);
    }

    @Override
    void close();
}
