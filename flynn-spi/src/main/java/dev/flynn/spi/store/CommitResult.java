package dev.flynn.spi.store;

import java.util.List;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * What became of a transaction.
 *
 * @param committed whether all its operations happened; otherwise none did
 * @param revision of the transaction if it was committed, else of the store when it was refused
 * @param appendedKeys the keys that its appends created, in order
 * @param conflictKey the first key whose condition did not hold
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record CommitResult(boolean committed, long revision, List<String> appendedKeys, Optional<String> conflictKey) {

    public CommitResult {
        appendedKeys = List.copyOf(appendedKeys);
    }

    public static CommitResult committed(long revision, List<String> appendedKeys) {
        return new CommitResult(true, revision, appendedKeys, Optional.empty());
    }

    public static CommitResult conflict(long revision, String key) {
        return new CommitResult(false, revision, List.of(), Optional.of(key));
    }
}
