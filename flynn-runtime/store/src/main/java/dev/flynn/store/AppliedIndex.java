package dev.flynn.store;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** How far this replica has applied the log, and a place to wait for more. */
final class AppliedIndex {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition advanced = lock.newCondition();
    private volatile long applied = -1;
    private volatile int waiting; // written under the lock

    /** Called by one thread at a time. */
    void advance(long index) {
        applied = index;
        if (waiting > 0) {
            lock.lock();
            try {
                advanced.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    long get() {
        return applied;
    }

    /** Waits until the index is applied; false if it is not in that time. */
    boolean await(long index, long nanos) throws InterruptedException {
        if (applied >= index) {
            return true;
        }
        lock.lockInterruptibly();
        try {
            waiting++;
            long left = nanos;
            while (applied < index && left > 0) {
                left = advanced.awaitNanos(left);
            }
            return applied >= index;
        } finally {
            waiting--;
            lock.unlock();
        }
    }
}
