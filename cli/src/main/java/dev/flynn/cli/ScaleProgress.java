package dev.flynn.cli;

import dev.flynn.api.job.JobState;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Counts the jobs that came up or went down until a change of scale is complete. */
final class ScaleProgress {

    private final Map<String, Integer> expected;
    private final Map<String, Integer> actual = new TreeMap<>();

    /** @param expected per type how many jobs come up, negative for how many go down */
    ScaleProgress(Map<String, Integer> expected) {
        this.expected = new TreeMap<>(expected);
        expected.keySet().forEach(type -> actual.put(type, 0));
    }

    void add(String type, JobState state) {
        int wanted = expected.getOrDefault(type, 0);
        if (wanted > 0 && state == JobState.UP) {
            actual.merge(type, 1, Integer::sum);
        } else if (wanted < 0 && !state.isLive()) {
            actual.merge(type, -1, Integer::sum);
        }
    }

    /**
     * Counts the types that shrink and have no more jobs than they shall have: nothing of them will go down any more.
     *
     * @param wanted per type how many jobs there shall be
     * @param live per type how many there are
     */
    void settle(Map<String, Integer> wanted, Map<String, Integer> live) {
        expected.forEach((type, change) -> {
            if (change < 0 && live.getOrDefault(type, 0) <= wanted.getOrDefault(type, 0)) {
                actual.put(type, change);
            }
        });
    }

    boolean isComplete() {
        return expected.entrySet().stream()
                .allMatch(entry -> Math.abs(actual.getOrDefault(entry.getKey(), 0)) >= Math.abs(entry.getValue()));
    }

    String expected() {
        return format(expected);
    }

    String actual() {
        return format(actual);
    }

    private String format(Map<String, Integer> counts) {
        return counts.entrySet().stream()
                .map(entry -> "%s %s=%d"
                        .formatted(
                                entry.getKey(),
                                expected.getOrDefault(entry.getKey(), 0) < 0 ? "down" : "up",
                                Math.abs(entry.getValue())))
                .collect(Collectors.joining(", "));
    }
}
