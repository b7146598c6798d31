package dev.flynn.identity;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * A host that does not belong to the cluster any more, as the store has it. It may join again, with another key.
 *
 * @param keys that nobody accepts any more
 */
record RemovedHost(List<String> keys, Instant at) {

    RemovedHost {
        keys = List.copyOf(keys);
    }

    RemovedHost and(List<String> more, Instant now) {
        List<String> all = new ArrayList<>(keys);
        more.stream().filter(key -> !keys.contains(key)).forEach(all::add);
        return new RemovedHost(all, now);
    }
}
