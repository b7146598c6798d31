package dev.flynn.scheduler;

import dev.flynn.spi.store.Transaction;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Turn;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Writes that go into one transaction, or into several if they are many or large. Used once. */
final class Batch {

    private static final int MAX_WRITES = 32;
    private static final int MAX_CHARACTERS = 512 << 10;

    private final Turn turn;
    private final Guard guard;
    private final List<Runnable> afterCommit = new ArrayList<>();
    private final Set<String> decidedFor = new LinkedHashSet<>();
    private Transaction.Builder transaction = Transaction.builder();
    private int writes;
    private long characters;

    /** On what beside the turn each transaction rests. */
    interface Guard {
        Guard NONE = transaction -> {};

        void guard(Transaction.Builder transaction);
    }

    Batch(Turn turn, Guard guard) {
        this.turn = turn;
        this.guard = guard;
    }

    /**
     * Adds to the transaction, committing what was there if it would become too big.
     *
     * @param keys what the addition was decided for, see {@link Turn}
     * @return false if that was refused
     */
    boolean write(Consumer<Transaction.Builder> addition, long size, Collection<String> keys) {
        if ((writes >= MAX_WRITES || characters + size > MAX_CHARACTERS) && !commit()) {
            return false;
        }
        addition.accept(transaction);
        decidedFor.addAll(keys);
        writes++;
        characters += size;
        return true;
    }

    /** What is done once the transaction that is being filled is committed. */
    void after(Runnable action) {
        afterCommit.add(action);
    }

    boolean commit() {
        if (writes == 0) {
            return true;
        }
        guard.guard(transaction);
        boolean committed = turn.commit(transaction, decidedFor);
        if (committed) {
            afterCommit.forEach(Runnable::run);
        }
        afterCommit.clear();
        decidedFor.clear();
        transaction = Transaction.builder();
        writes = 0;
        characters = 0;
        return committed;
    }

    static long size(JobRecord job) {
        return job.spec().env().entrySet().stream()
                .mapToLong(variable ->
                        variable.getKey().length() + variable.getValue().length())
                .sum();
    }
}
