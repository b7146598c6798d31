package dev.flynn.store;

import dev.flynn.spi.store.CommitResult;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** What became of the latest transactions, by id, so that a repetition answers as the first time. Not thread-safe. */
final class RememberedResults {

    /** One transaction and the time at which it was committed, in milliseconds of the store's time. */
    record Remembered(UUID id, long timeMillis, CommitResult result) {}

    private final int maxCount;
    private final long maxAgeMillis;
    private final Map<UUID, Remembered> byId = new HashMap<>();
    private final Deque<Remembered> byAge = new ArrayDeque<>();

    RememberedResults(int maxCount, long maxAgeMillis) {
        this.maxCount = maxCount;
        this.maxAgeMillis = maxAgeMillis;
    }

    Optional<CommitResult> find(UUID id) {
        return Optional.ofNullable(byId.get(id)).map(Remembered::result);
    }

    void add(Remembered remembered) {
        byId.put(remembered.id(), remembered);
        byAge.addLast(remembered);
        if (byAge.size() > maxCount) {
            forgetOldest();
        }
    }

    /** Forgets what is older than the limit at this time. */
    void expire(long nowMillis) {
        while (!byAge.isEmpty() && byAge.getFirst().timeMillis() < nowMillis - maxAgeMillis) {
            forgetOldest();
        }
    }

    int size() {
        return byAge.size();
    }

    List<Remembered> oldestFirst() {
        return List.copyOf(byAge);
    }

    private void forgetOldest() {
        byId.remove(byAge.removeFirst().id());
    }
}
