package dev.flynn.containers.process;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.ExecResult;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The commands that are run inside one job; none is left once they were ended. */
final class JobCommands {

    private final JobId job;
    private final CompletableFuture<Void> jobEnds = new CompletableFuture<>();
    private final Object lock = new Object();
    private final Set<CommandRun> running = new HashSet<>();
    private boolean ended;

    JobCommands(JobId job) {
        this.job = job;
    }

    ExecResult run(CommandRun command, Duration timeout) {
        synchronized (lock) {
            if (ended) {
                throw jobEnded();
            }
            running.add(command);
        }
        try {
            return command.execute(timeout, jobEnds).orElseThrow(this::jobEnded);
        } finally {
            synchronized (lock) {
                running.remove(command);
                lock.notifyAll();
            }
        }
    }

    private FlynnException jobEnded() {
        return new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + job + " does not run any more");
    }

    /** Kills all commands and waits until they are gone; false if some are still there when patience ends. */
    boolean end(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        synchronized (lock) {
            ended = true;
            jobEnds.complete(null);
            for (long left = patience.toNanos(); !running.isEmpty() && left > 0; left = deadline - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(lock, left);
            }
            return running.isEmpty();
        }
    }
}
