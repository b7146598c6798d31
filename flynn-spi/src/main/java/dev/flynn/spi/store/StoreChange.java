package dev.flynn.spi.store;

import java.util.List;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * What one committed transaction changed, as far as a watch's prefix goes.
 *
 * @param changes in the order of the transaction's operations, never empty
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record StoreChange(long revision, List<KeyChange> changes) {

    public StoreChange {
        changes = List.copyOf(changes);
    }

    /**
     * The change of one key.
     *
     * @param entry the new value; empty when the key was deleted
     */
    public record KeyChange(String key, Optional<StoreEntry> entry) {}
}
