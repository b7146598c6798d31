package dev.flynn.discovery.etcd;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;

/** Runs tasks one after another on threads that it borrows. Thread-safe. */
final class InOrder {

    private final Executor threads;
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private boolean running;

    InOrder(Executor threads) {
        this.threads = threads;
    }

    /** @return how many tasks wait */
    int run(Runnable task) {
        synchronized (tasks) {
            tasks.add(task);
            if (!running) {
                running = true;
                threads.execute(this::runAll);
            }
            return tasks.size();
        }
    }

    private void runAll() {
        while (true) {
            Runnable task;
            synchronized (tasks) {
                task = tasks.poll();
                if (task == null) {
                    running = false;
                    return;
                }
            }
            task.run();
        }
    }
}
