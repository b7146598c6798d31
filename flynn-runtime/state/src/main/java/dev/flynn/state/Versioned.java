package dev.flynn.state;

/**
 * A record and the revisions that a compare-and-set needs.
 *
 * @param key in the store
 * @param createRevision orders records by age
 */
public record Versioned<T>(String key, T value, long createRevision, long modRevision) {}
