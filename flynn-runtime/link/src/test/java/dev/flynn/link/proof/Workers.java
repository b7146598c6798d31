package dev.flynn.link.proof;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Those who use a host, each on a thread of its own, again and again until they are told to stop. */
final class Workers {

    /** One time of whatever somebody does again and again. */
    interface Step {
        void run() throws InterruptedException;
    }

    private static final long PAUSE_AFTER_FAILURE = TimeUnit.MILLISECONDS.toNanos(30);

    private final Journal journal;
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopped;

    Workers(Journal journal) {
        this.journal = journal;
    }

    void start(String name, Step step) {
        var thread = new Thread(() -> work(name, step), name);
        thread.start();
        threads.add(thread);
    }

    private void work(String name, Step step) {
        try {
            while (!stopped) {
                try {
                    step.run();
                } catch (FlynnException e) {
                    if (e.code() != ErrorCode.SERVICE_UNAVAILABLE) {
                        throw e;
                    }
                    LockSupport.parkNanos(PAUSE_AFTER_FAILURE);
                }
            }
        } catch (RuntimeException | InterruptedException e) {
            journal.tell("broken", name, e);
            e.printStackTrace();
        }
    }

    /** Returns when everybody has finished what they were doing. */
    void stop() throws InterruptedException {
        stopped = true;
        for (Thread thread : threads) {
            thread.join();
        }
    }
}
