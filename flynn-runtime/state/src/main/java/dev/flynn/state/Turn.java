package dev.flynn.state;

import dev.flynn.api.id.AppId;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The permission to say what is to run. Whoever decides that takes a turn first, reads the records, and commits by it. Each
 * commit names what it was decided for, an app or a host, and is refused if another turn named that since. So of two who
 * decide for the same app, or give away the room of the same host, at the same time, one finds that it has to look again;
 * those who decide for different ones do not hinder each other. Not thread-safe.
 */
public final class Turn {

    /** What keys begin with; each holds when somebody last decided, as JSON. */
    public static final String PREFIX = "scheduler/turns/";

    private static final String APPS = PREFIX + "apps/";
    private static final String HOSTS = PREFIX + "hosts/";

    private final ClusterState state;
    private final Map<String, Long> revisions;
    private final long known;

    /** What this turn itself committed: its own decisions it knows. */
    private final Set<String> own = new HashSet<>();

    private boolean lost;

    /** Before the records are read. */
    public Turn(ClusterState state) {
        this(state, new HashMap<>(), Long.MAX_VALUE);
        for (StoreEntry entry : state.store().list(PREFIX).entries()) {
            revisions.put(entry.key(), entry.modRevision());
        }
    }

    /**
     * For records that were followed.
     *
     * @param revisions of the keys, as far as they were followed; what this turn commits is added
     * @param known up to what revision jobs were followed: what was named later was decided by jobs that are not known yet
     */
    public Turn(ClusterState state, Map<String, Long> revisions, long known) {
        this.state = state;
        this.revisions = revisions;
        this.known = known;
    }

    public static String ofApp(AppId app) {
        return APPS + app;
    }

    public static String ofHost(String host) {
        return HOSTS + host;
    }

    /** Whether another turn came in between: what was read for what it named has to be read again. */
    public boolean isLost() {
        return lost;
    }

    /**
     * @param keys for what it was decided
     * @return whether it was written
     */
    public boolean commit(Transaction.Builder transaction, Collection<String> keys) {
        for (String key : keys) {
            long revision = revisions.getOrDefault(key, 0L);
            if (revision > known && !own.contains(key)) {
                lost = true;
                return false;
            }
            transaction.whenUnchanged(key, revision);
            transaction.put(key, state.json().write(state.clock().instant().toString()));
        }
        CommitResult result = state.commit(transaction);
        if (result.committed()) {
            keys.forEach(key -> revisions.put(key, result.revision()));
            own.addAll(keys);
        } else {
            lost |= result.conflictKey().filter(keys::contains).isPresent();
        }
        return result.committed();
    }
}
