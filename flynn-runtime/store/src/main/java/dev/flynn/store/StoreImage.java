package dev.flynn.store;

import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.store.RememberedResults.Remembered;
import java.util.List;
import java.util.Map;

/**
 * A {@link StoreState} at one moment, to be written while the state goes on: lists of what is immutable, quickly made.
 *
 * @param compactedRevision the newest revision whose change is no longer kept
 * @param remembered oldest first
 */
record StoreImage(
        long revision,
        long timeMillis,
        List<StoreEntry> entries,
        Map<String, Long> sequences,
        long compactedRevision,
        List<StoreChange> history,
        List<Remembered> remembered) {}
