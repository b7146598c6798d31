package dev.flynn.tck.wire;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apiguardian.api.API;

/**
 * What came of a run of the suite.
 *
 * @param url of the controller
 * @param at when it began
 * @param remains what was made and cannot be deleted, in sentences
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Report(
        String version,
        String url,
        Profile profile,
        Instant at,
        Duration took,
        List<Result> results,
        List<String> remains) {

    public Report {
        results = List.copyOf(results);
        remains = List.copyOf(remains);
    }

    /** Nothing failed, nothing was blocked, and something was looked at. */
    public boolean isGood() {
        return count(Outcome.PASSED) > 0
                && results.stream().noneMatch(result -> result.outcome().isBad());
    }

    public long count(Outcome outcome) {
        return results.stream().filter(result -> result.outcome() == outcome).count();
    }

    /** The results by endpoint, in the order of the contract. */
    public Map<Endpoint, List<Result>> byEndpoint() {
        return results.stream()
                .collect(Collectors.groupingBy(Result::endpoint, LinkedHashMap::new, Collectors.toList()));
    }

    String summary() {
        return "%d passed, %d failed, %d blocked, %d skipped, of %d checks of %d endpoints in %.1f s"
                .formatted(
                        count(Outcome.PASSED),
                        count(Outcome.FAILED),
                        count(Outcome.BLOCKED),
                        count(Outcome.SKIPPED),
                        results.size(),
                        byEndpoint().size(),
                        took.toMillis() / 1000.0);
    }
}
