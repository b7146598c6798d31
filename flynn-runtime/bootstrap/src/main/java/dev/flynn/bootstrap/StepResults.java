package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * What the steps gave, in the cluster store, so that a bootstrap that was interrupted goes on where it was.
 *
 * <p>A result is written once and never changed; who comes second gets what is there. A step that needs several writes first
 * stores what it is about to make, ids and secrets included, and makes the same when it is repeated. Thread-safe.
 */
final class StepResults {

    static final String RESULTS = "bootstrap/steps/";
    static final String PREPARED = "bootstrap/prepared/";

    private final ClusterStore store;
    private final FlynnJson json;
    private final Map<String, JsonNode> known = new ConcurrentHashMap<>();

    StepResults(ClusterStore store, FlynnJson json) {
        this.store = store;
        this.json = json;
        store.list(RESULTS)
                .entries()
                .forEach(entry -> known.put(entry.key().substring(RESULTS.length()), json.readTree(entry.value())));
    }

    /** The result of a step that is done, in this run or an earlier one. */
    Optional<JsonNode> find(String step) {
        return Optional.ofNullable(known.get(step));
    }

    /** Stores the result of a step that is done. */
    JsonNode complete(String step, JsonNode result) {
        JsonNode stored = storedOnce(RESULTS + step, result);
        known.put(step, stored);
        return stored;
    }

    /** Keeps the result of a step that is done again in each run. */
    void remember(String step, JsonNode result) {
        known.put(step, result);
    }

    /** What a step is about to make: made up now, unless an earlier run did. */
    JsonNode prepare(String step, Supplier<JsonNode> making) {
        return store.get(PREPARED + step)
                .map(entry -> json.readTree(entry.value()))
                .orElseGet(() -> storedOnce(PREPARED + step, making.get()));
    }

    private JsonNode storedOnce(String key, JsonNode value) {
        boolean first = store.commit(Transaction.builder()
                        .whenAbsent(key)
                        .put(key, json.write(value))
                        .build())
                .committed();
        return first
                ? value
                : json.readTree(store.get(key).map(StoreEntry::value).orElseThrow());
    }
}
