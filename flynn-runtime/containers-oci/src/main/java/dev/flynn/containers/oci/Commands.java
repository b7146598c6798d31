package dev.flynn.containers.oci;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.ExecResult;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The commands that are run inside one job; none is left once they were ended. */
final class Commands {

    private static final Duration END_PATIENCE = Duration.ofSeconds(5);

    private final OciHost host;
    private final JobId job;
    private final JobDirectory directory;
    private final String controlGroup;
    private final CompletableFuture<Void> jobEnds = new CompletableFuture<>();
    private final AtomicInteger count = new AtomicInteger();
    private final Object lock = new Object();
    private final Set<CommandRun> running = new HashSet<>();
    private boolean ended;

    Commands(OciHost host, JobId job, JobDirectory directory, String controlGroup) {
        this.host = host;
        this.job = job;
        this.directory = directory;
        this.controlGroup = controlGroup;
    }

    ExecResult run(List<String> command, Duration timeout) {
        if (command.isEmpty()) {
            throw FlynnException.invalid("a command must name a program");
        }
        if (command.stream().anyMatch(word -> word.indexOf(0) >= 0)) {
            throw FlynnException.invalid("a command has a NUL, which no process can be given");
        }
        // unique after a restart too, when commands of the process before may still be there
        String name = "exec-" + ProcessHandle.current().pid() + "-" + count.incrementAndGet();
        var run = new CommandRun(host, job, directory, controlGroup, name);
        synchronized (lock) {
            if (ended) {
                throw jobEnded();
            }
            running.add(run);
        }
        try {
            return run.execute(command, timeout, jobEnds).orElseThrow(this::jobEnded);
        } finally {
            synchronized (lock) {
                running.remove(run);
                lock.notifyAll();
            }
        }
    }

    private FlynnException jobEnded() {
        return new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + job + " does not run any more");
    }

    /** The container ended, and what ran in it. Returns at once. */
    void containerEnded() {
        jobEnds.complete(null);
    }

    /** Kills all commands and waits until they are gone, or for some seconds. */
    void end() {
        long deadline = System.nanoTime() + END_PATIENCE.toNanos();
        synchronized (lock) {
            ended = true;
            jobEnds.complete(null);
            try {
                for (long left = END_PATIENCE.toNanos();
                        !running.isEmpty() && left > 0;
                        left = deadline - System.nanoTime()) {
                    TimeUnit.NANOSECONDS.timedWait(lock, left);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
