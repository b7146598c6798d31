package dev.flynn.spi.store;

import static java.util.Objects.requireNonNull;

import org.apiguardian.api.API;

/**
 * One key of the store as it was at a revision.
 *
 * @param createRevision the revision that created it
 * @param modRevision the revision that wrote this value; what a compare-and-set names
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record StoreEntry(String key, String value, long createRevision, long modRevision) {

    public StoreEntry {
        requireNonNull(key, "key");
        requireNonNull(value, "value");
    }
}
