package dev.flynn.store.jdbc;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Transaction;
import dev.flynn.store.jdbc.Tables.Position;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Commits transactions, those of all threads that wait in one transaction of the database: one of the threads does it for
 * the others, so that many writers share one write to the disk.
 *
 * <p>The row of the table {@code store} is locked first; so all processes commit one after the other, and revisions have no
 * gaps. A batch that failed is tried again as it is: the answers of one that did happen after all are in the database.
 */
final class Committer implements AutoCloseable {

    private static final int MAX_TRANSACTIONS = 64;
    private static final long MAX_BYTES = 2L * Transaction.MAX_TRANSACTION_BYTES;
    private static final Duration BETWEEN_CLEANINGS = Duration.ofMinutes(1);

    private final PostgresConfig config;
    private final Session session;
    private final ReentrantLock turn = new ReentrantLock();
    private final Queue<Waiting> queue = new ConcurrentLinkedQueue<>();

    // guarded by turn
    private long cleanedAt = System.nanoTime() - BETWEEN_CLEANINGS.toNanos();

    Committer(PostgresConfig config) {
        this.config = config;
        this.session = new Session(config, "commits");
    }

    CommitResult commit(Transaction transaction) {
        var deadline = new Deadline();
        var mine = new Waiting(transaction);
        queue.add(mine);
        if (!deadline.take(turn)) {
            mine.abandoned = true;
            throw Deadline.tooLate(config, null);
        }
        try {
            while (!mine.isDone()) {
                commitNext(deadline);
            }
        } finally {
            turn.unlock();
        }
        return mine.answer();
    }

    private void commitNext(Deadline deadline) {
        List<Waiting> batch = nextBatch();
        try {
            List<CommitResult> results =
                    deadline.persist(config, () -> session.transact(connection -> commit(connection, batch)));
            for (int i = 0; i < results.size(); i++) {
                batch.get(i).result = results.get(i);
            }
        } catch (RuntimeException | Error e) {
            batch.forEach(waiting -> waiting.failure = e);
        }
    }

    /** At least one; their sum is small enough for one transaction of the database. */
    private List<Waiting> nextBatch() {
        List<Waiting> batch = new ArrayList<>();
        long bytes = 0;
        for (Waiting next = queue.peek(); next != null && batch.size() < MAX_TRANSACTIONS; next = queue.peek()) {
            bytes += next.bytes();
            if (!batch.isEmpty() && bytes > MAX_BYTES) {
                break;
            }
            queue.remove();
            if (!next.abandoned) {
                batch.add(next);
            }
        }
        return batch;
    }

    private List<CommitResult> commit(Connection connection, List<Waiting> waiting) throws SQLException {
        Position before = Tables.lock(connection);
        List<Transaction> transactions =
                waiting.stream().map(each -> each.transaction).toList();
        var batch = new Batch(Tables.known(connection, before, transactions));
        List<CommitResult> results = transactions.stream().map(batch::decide).toList();
        Tables.write(connection, batch);
        if (batch.revision() > before.revision()) {
            Tables.moveTo(connection, compacted(connection, before, batch.revision()), config.channel());
        }
        clean(connection);
        return results;
    }

    private Position compacted(Connection connection, Position before, long revision) throws SQLException {
        if (revision - before.compacted() <= config.mostChanges()) {
            return new Position(revision, before.compacted());
        }
        Tables.compact(connection, revision - config.history());
        return new Position(revision, revision - config.history());
    }

    private void clean(Connection connection) throws SQLException {
        if (System.nanoTime() - cleanedAt > BETWEEN_CLEANINGS.toNanos()) {
            Tables.forgetOldAnswers(connection);
            cleanedAt = System.nanoTime();
        }
    }

    @Override
    public void close() {
        session.close();
    }

    /** A transaction and the thread that waits for it; result and failure are guarded by {@link #turn}. */
    private static final class Waiting {

        final Transaction transaction;
        volatile boolean abandoned;

        @Nullable
        CommitResult result;

        @Nullable
        Throwable failure;

        Waiting(Transaction transaction) {
            this.transaction = transaction;
        }

        long bytes() {
            return transaction.operations().stream()
                    .mapToLong(operation -> operation.valueBytes())
                    .sum();
        }

        boolean isDone() {
            return result != null || failure != null;
        }

        CommitResult answer() {
            if (result != null) {
                return result;
            }
            if (failure instanceof FlynnException told) {
                throw new FlynnException(told.code(), told.getMessage(), told);
            }
            throw new IllegalStateException("the transaction was not committed", failure);
        }
    }
}
