package dev.flynn.state;

import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;

/**
 * The permission to say what is to run. Whoever decides that from all records takes a turn first, reads them, and commits by
 * it: each commit changes one key, and is refused if another turn changed it since. So of two who decide at the same time one
 * finds that it has to look again, and nothing is started twice. Not thread-safe.
 */
public final class Turn {

    /** Holds when somebody last wrote. */
    public static final String KEY = "scheduler/turn";

    private final ClusterState state;
    private long revision;
    private boolean lost;

    public Turn(ClusterState state) {
        this.state = state;
        this.revision = state.store().get(KEY).map(StoreEntry::modRevision).orElse(0L);
    }

    /** Whether another turn came in between: all that was read before has to be read again. */
    public boolean isLost() {
        return lost;
    }

    /** @return whether it was written */
    public boolean commit(Transaction.Builder transaction) {
        transaction
                .whenUnchanged(KEY, revision)
                .put(KEY, state.clock().instant().toString());
        CommitResult result = state.commit(transaction);
        if (result.committed()) {
            revision = result.revision();
        } else {
            lost = result.conflictKey().filter(KEY::equals).isPresent();
        }
        return result.committed();
    }
}
