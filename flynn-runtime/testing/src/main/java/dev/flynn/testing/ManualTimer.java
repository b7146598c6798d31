package dev.flynn.testing;

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.RunnableScheduledFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** An executor that runs at once what is due, and leaves the rest to {@link ManualTime}. */
final class ManualTimer extends AbstractExecutorService implements ScheduledExecutorService {

    private final ManualTime time;
    private final Gate gate;
    private final ThreadPoolExecutor threads;

    /** How many tasks were begun and have not ended; guarded by this. */
    private int busy;

    ManualTimer(ManualTime time, int threads, ThreadFactory factory, Gate gate) {
        this.time = time;
        this.gate = gate;
        this.threads =
                new ThreadPoolExecutor(threads, threads, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory) {
                    @Override
                    protected void beforeExecute(Thread thread, Runnable task) {
                        gate.pass();
                    }
                };
    }

    // now

    @Override
    public void execute(Runnable task) {
        count(1);
        try {
            threads.execute(() -> {
                try {
                    task.run();
                } finally {
                    count(-1);
                }
            });
        } catch (RejectedExecutionException closed) {
            count(-1);
            throw closed;
        }
    }

    private synchronized void count(int difference) {
        busy += difference;
        notifyAll();
    }

    /** A host that is paused or dead is not waited for. */
    synchronized boolean isIdle() {
        return busy == 0 || !gate.isPrompt();
    }

    synchronized void awaitIdle(long deadline) {
        try {
            while (!isIdle()) {
                long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (millis <= 0) {
                    return;
                }
                // short, because a gate does not tell when it closes
                wait(Math.min(millis, 10));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // later

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        return start(new Task<>(
                () -> {
                    command.run();
                    return true;
                },
                unit.toNanos(delay),
                0,
                false));
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
        return start(new Task<>(callable, unit.toNanos(delay), 0, false));
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable command, long delay, long period, TimeUnit unit) {
        return start(repeated(command, unit.toNanos(delay), unit.toNanos(period), true));
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable command, long delay, long pause, TimeUnit unit) {
        return start(repeated(command, unit.toNanos(delay), unit.toNanos(pause), false));
    }

    private Task<?> repeated(Runnable command, long delay, long pause, boolean atFixedRate) {
        if (pause <= 0) {
            throw new IllegalArgumentException("a task is repeated after a pause that is positive, was " + pause);
        }
        return new Task<>(
                () -> {
                    command.run();
                    return true;
                },
                delay,
                pause,
                atFixedRate);
    }

    private <V> Task<V> start(Task<V> task) {
        if (isShutdown()) {
            throw new RejectedExecutionException("the timer has ended");
        }
        task.await();
        return task;
    }

    // the end

    @Override
    public void shutdown() {
        time.end(this);
        threads.shutdown();
    }

    @Override
    public List<Runnable> shutdownNow() {
        time.end(this);
        List<Runnable> never = threads.shutdownNow();
        count(-never.size());
        return never;
    }

    @Override
    public boolean isShutdown() {
        return threads.isShutdown();
    }

    @Override
    public boolean isTerminated() {
        return threads.isTerminated();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        return threads.awaitTermination(timeout, unit);
    }

    /** Something that is due at a time, perhaps again and again. */
    final class Task<V> extends FutureTask<V> implements RunnableScheduledFuture<V> {

        private final long number = time.nextNumber();
        private final long pause;
        private final boolean atFixedRate;
        private volatile long due;

        Task(Callable<V> callable, long delay, long pause, boolean atFixedRate) {
            super(callable);
            this.due = time.nanoTime() + Math.max(0, delay);
            this.pause = pause;
            this.atFixedRate = atFixedRate;
        }

        long due() {
            return due;
        }

        long number() {
            return number;
        }

        ManualTimer timer() {
            return ManualTimer.this;
        }

        void await() {
            if (!time.keep(this)) {
                execute(this);
            }
        }

        /** It is due. */
        void begin() {
            try {
                execute(this);
            } catch (RejectedExecutionException closed) {
                cancel(false);
            }
        }

        @Override
        public void run() {
            if (!isPeriodic()) {
                super.run();
            } else if (runAndReset() && !isShutdown()) {
                due = (atFixedRate ? due : time.nanoTime()) + pause;
                await();
            }
        }

        @Override
        public boolean isPeriodic() {
            return pause > 0;
        }

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            time.drop(this);
            return super.cancel(mayInterruptIfRunning);
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(due - time.nanoTime(), TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
        }
    }
}
