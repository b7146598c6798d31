package dev.flynn.state;

import java.util.Comparator;
import java.util.List;

/**
 * A record and the revisions that a compare-and-set needs.
 *
 * @param key in the store
 * @param createRevision orders records by age
 */
public record Versioned<T>(String key, T value, long createRevision, long modRevision) {

    /** What the records say, the youngest first. */
    public static <T> List<T> newestFirst(List<Versioned<T>> records) {
        return records.stream()
                .sorted(Comparator.comparingLong((Versioned<T> record) -> record.createRevision())
                        .reversed())
                .map(Versioned::value)
                .toList();
    }
}
