package dev.flynn.store;

/**
 * When the next snapshot is due: when the log since the last one is long, in entries or in bytes. A snapshot holds everything, so
 * that a large one is followed by the next only when the log has become as long as it: what snapshots write is never more than what
 * the log has, however much there is, and a start reads at most twice as much as there is.
 *
 * @param entries that are a long log
 * @param bytes likewise
 */
record SnapshotPace(long entries, long bytes) {

    /**
     * @param logEntries since the last snapshot
     * @param logBytes likewise
     * @param snapshotBytes of the last snapshot, 0 if there is none
     */
    boolean isDue(long logEntries, long logBytes, long snapshotBytes) {
        boolean isLong = logEntries >= entries || logBytes >= bytes;
        boolean isLarge = snapshotBytes > bytes;
        return isLong && (!isLarge || logBytes >= snapshotBytes);
    }
}
