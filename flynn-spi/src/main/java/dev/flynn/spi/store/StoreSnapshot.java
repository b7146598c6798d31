package dev.flynn.spi.store;

import java.util.List;
import org.apiguardian.api.API;

/**
 * Entries as they all were at one revision, sorted by key. A watch after {@code revision} continues from here without a
 * gap.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record StoreSnapshot(long revision, List<StoreEntry> entries) {

    public StoreSnapshot {
        entries = List.copyOf(entries);
    }
}
