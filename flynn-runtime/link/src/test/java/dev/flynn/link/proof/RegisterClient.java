package dev.flynn.link.proof;

import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.Transaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Reads, writes and swaps the values of a few keys. What it is about to ask is told before it asks: when no answer is told, it
 * may have happened or not.
 */
final class RegisterClient {

    static final String KEYS = "registers/";
    static final String ABSENT = "";

    private static final int NUMBER_OF_KEYS = 4;
    private static final int LONGEST_PAUSE_MILLIS = 10;

    private final String name;
    private final ClusterStore store;
    private final Consistency reads;
    private final Journal journal;
    private final Random random;
    private long operations;

    /**
     * @param name is nobody else's, in no other life either
     * @param reads linearizable ones, or what is passed off as them
     */
    RegisterClient(String name, ClusterStore store, Consistency reads, Journal journal, long seed) {
        this.name = name;
        this.store = store;
        this.reads = reads;
        this.journal = journal;
        this.random = new Random(seed ^ name.hashCode());
    }

    void step() throws InterruptedException {
        String key = KEYS + "abcdefgh".charAt(random.nextInt(NUMBER_OF_KEYS));
        switch (random.nextInt(10)) {
            case 0, 1, 2 -> write(key);
            case 3, 4 -> swap(key);
            case 5 -> list(random.nextBoolean() ? Consistency.LINEARIZABLE : Consistency.STALE);
            default -> read(key);
        }
        Thread.sleep(random.nextInt(LONGEST_PAUSE_MILLIS));
    }

    private String nextOperation() {
        return name + "-" + ++operations;
    }

    private void call(String operation, Object... action) {
        List<Object> words = new ArrayList<>(List.of("call", operation, System.nanoTime()));
        words.addAll(List.of(action));
        journal.tell(words);
    }

    private void answer(String operation, Object... result) {
        List<Object> words = new ArrayList<>(List.of("answer", operation, System.nanoTime()));
        words.addAll(List.of(result));
        journal.tell(words);
    }

    private Optional<StoreEntry> read(String key) {
        String operation = nextOperation();
        call(operation, "read", key);
        Optional<StoreEntry> found = store.get(key, reads);
        answer(operation, valueOf(found));
        return found;
    }

    /** What is written is the operation's name: every write writes another value. */
    private void write(String key) {
        String operation = nextOperation();
        call(operation, "write", key);
        commit(operation, Transaction.builder().put(key, operation));
    }

    private void swap(String key) {
        Optional<StoreEntry> before = read(key);
        String operation = nextOperation();
        call(operation, "swap", key, valueOf(before));
        commit(
                operation,
                Transaction.builder()
                        .whenUnchanged(key, before.map(StoreEntry::modRevision).orElse(0L))
                        .put(key, operation));
    }

    private void commit(String operation, Transaction.Builder transaction) {
        CommitResult result = store.commit(transaction.build());
        answer(operation, result.committed() ? "committed" : "refused", result.revision());
    }

    private static String valueOf(Optional<StoreEntry> entry) {
        return entry.map(StoreEntry::value).orElse(ABSENT);
    }

    private void list(Consistency consistency) {
        tellList(store, KEYS, consistency, journal);
    }

    /** Lists, and tells what is there. */
    static StoreSnapshot tellList(ClusterStore store, String prefix, Consistency consistency, Journal journal) {
        long call = System.nanoTime();
        StoreSnapshot snapshot = store.list(prefix, consistency);
        List<Object> words =
                new ArrayList<>(List.of("list", consistency, prefix, call, System.nanoTime(), snapshot.revision()));
        snapshot.entries()
                .forEach(entry ->
                        words.addAll(List.of(entry.key(), entry.value(), entry.createRevision(), entry.modRevision())));
        journal.tell(words);
        return snapshot;
    }
}
