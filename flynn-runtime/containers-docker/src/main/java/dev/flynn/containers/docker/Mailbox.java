package dev.flynn.containers.docker;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** What listeners are told of one job: one call at a time and in order, on whatever thread there is. */
final class Mailbox {

    /** More bytes than this wait in the engine, and behind it in the job. */
    private static final long FULL = 256 * 1024;

    private final Executor executor;
    private final Queue<Letter> letters = new ArrayDeque<>();
    private @Nullable Runnable whenEmptier;
    private long waiting;
    private boolean delivering;
    private boolean held;

    private record Letter(Runnable delivery, int bytes) {}

    Mailbox(Executor executor) {
        this.executor = executor;
    }

    void add(Runnable delivery) {
        add(delivery, 0);
    }

    synchronized void add(Runnable delivery, int bytes) {
        letters.add(new Letter(delivery, bytes));
        waiting += bytes;
        deliverSoon();
    }

    /** Keeps everything until it is released. */
    synchronized void hold() {
        held = true;
    }

    synchronized void release() {
        held = false;
        if (!letters.isEmpty()) {
            deliverSoon();
        }
    }

    private void deliverSoon() {
        if (!delivering && !held) {
            delivering = true;
            try {
                executor.execute(this::deliver);
            } catch (RejectedExecutionException closed) {
                delivering = false; // nobody is told of anything any more
            }
        }
    }

    /** False if it is full; then the task runs once when it no longer is. */
    synchronized boolean hasRoomOr(Runnable onceEmptier) {
        if (waiting <= FULL) {
            return true;
        }
        whenEmptier = onceEmptier;
        return false;
    }

    private void deliver() {
        for (Letter letter = next(0); letter != null; letter = next(letter.bytes())) {
            letter.delivery().run();
        }
    }

    private @Nullable Letter next(int delivered) {
        Runnable emptier = null;
        Letter letter;
        synchronized (this) {
            waiting -= delivered;
            if (waiting <= FULL / 2 && whenEmptier != null) {
                emptier = whenEmptier;
                whenEmptier = null;
            }
            letter = letters.poll();
            delivering = letter != null;
        }
        if (emptier != null) {
            emptier.run();
        }
        return letter;
    }
}
