package dev.flynn.base;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Makes daemon threads whose names tell a thread dump who owns them: {@code scheduler-1}. They belong to the thread group in
 * which this factory was created, whoever has the task that needs a new one.
 */
public final class NamedThreads implements ThreadFactory {

    private final String owner;
    private final ThreadGroup group = Thread.currentThread().getThreadGroup();
    private final AtomicInteger count = new AtomicInteger();

    public NamedThreads(String owner) {
        this.owner = owner;
    }

    @Override
    public Thread newThread(Runnable task) {
        Thread thread = new Thread(group, task, owner + "-" + count.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    }
}
