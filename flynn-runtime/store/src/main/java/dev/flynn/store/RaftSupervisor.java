package dev.flynn.store;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.NamedThreads;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps Ratis running on a data directory. When the log cannot be written, Ratis is over for good: it is closed and, once the
 * disk has room, started again from what is on disk. Until then requests are refused; nothing acknowledged is lost.
 */
final class RaftSupervisor implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(RaftSupervisor.class);

    private static final Duration START_PATIENCE = Duration.ofMinutes(2);
    private static final Duration RETRY_START = Duration.ofSeconds(1);
    private static final Duration POLL_READY = Duration.ofMillis(2);

    private final DataDirectory directory;
    private final LiveState live;
    private final StoreLimits limits;
    private final RaftSettings settings;
    private final DiskRoom disk;
    private final @Nullable PeerCalls peers;
    private final ScheduledExecutorService threads =
            Executors.newSingleThreadScheduledExecutor(new NamedThreads("store-raft"));
    private final AtomicBoolean restartScheduled = new AtomicBoolean();
    private volatile @Nullable RaftNode node;
    private volatile boolean closing;
    private volatile boolean removed;

    /** @param peers null if there are no others */
    RaftSupervisor(
            DataDirectory directory,
            LiveState live,
            StoreLimits limits,
            RaftSettings settings,
            DiskRoom disk,
            @Nullable PeerCalls peers) {
        this.directory = directory;
        this.live = live;
        this.limits = limits;
        this.settings = settings;
        this.disk = disk;
        this.peers = peers;
    }

    /** Returns once the state is what it was, and, if there are no other peers, takes changes. */
    void start() {
        try {
            onOwnThread(this::startNode);
            if (peers == null) {
                awaitReady(current());
            }
        } catch (IOException e) {
            throw FlynnException.internal(
                    "the cluster store in %s cannot be opened: %s; restore the directory from a backup, or move it away to begin anew"
                            .formatted(directory.path(), reason(e)),
                    e);
        }
    }

    /**
     * The start of Ratis that is running.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if none is
     */
    RaftNode running() {
        RaftNode running = current();
        running.failure().ifPresent(cause -> {
            if (closing) {
                throw FlynnException.unavailable("the cluster store is closing", cause);
            }
            if (removed) {
                throw Membership.removed(directory.peer());
            }
            throw FlynnException.unavailable(
                    "the cluster store in %s cannot write: %s; it goes on by itself once it can"
                            .formatted(directory.path(), reason(cause)),
                    cause);
        });
        return running;
    }

    boolean isLeader() {
        RaftNode running = node;
        return running != null && running.isReady();
    }

    private RaftNode current() {
        RaftNode running = node;
        if (running == null) {
            throw new IllegalStateException("the cluster store has not been started");
        }
        return running;
    }

    private void startNode() throws IOException {
        LogFiles.repair(directory.groupDirectory());
        VoteFile.repair(directory.groupDirectory(), Clock.systemUTC());
        var starting = new RaftNode(directory, live, limits, settings, peers, threads, this::onNodeFailed);
        try {
            starting.start();
        } catch (IOException | RuntimeException e) {
            closeAfter(starting, e);
            throw e;
        }
        node = starting;
        if (starting.failure().isPresent()) {
            onNodeFailed(starting);
        }
    }

    private static void closeAfter(RaftNode failed, Exception failure) {
        try {
            failed.close();
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    private void awaitReady(RaftNode starting) throws IOException {
        long deadline = System.nanoTime() + START_PATIENCE.toNanos();
        try {
            while (!starting.isReady()) {
                Optional<Throwable> failure = starting.failure();
                if (failure.isPresent()) {
                    throw new IOException(failure.get());
                }
                if (System.nanoTime() > deadline) {
                    throw new IOException("it was not ready after %d s".formatted(START_PATIENCE.toSeconds()));
                }
                starting.awaitProgress(POLL_READY.toNanos());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** One that failed before it was the current one is its starter's business. */
    private void onNodeFailed(RaftNode failed) {
        if (failed == node && !closing) {
            log.atError()
                    .setCause(failed.failure().orElse(null))
                    .addKeyValue("directory", directory.path())
                    .log("the cluster store cannot write its log and will start again");
            scheduleRestart();
        }
    }

    private void scheduleRestart() {
        if (restartScheduled.compareAndSet(false, true)) {
            var unused = threads.schedule(this::restart, RETRY_START.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void restart() {
        restartScheduled.set(false);
        if (closing) {
            return;
        }
        try {
            current().close();
            if (peers != null && Membership.isRemoved(current(), peers)) {
                removed = true;
                log.atError()
                        .addKeyValue("directory", directory.path())
                        .log(Membership.removed(directory.peer()).getMessage());
                return;
            }
            if (!disk.isEnough()) {
                scheduleRestart();
                return;
            }
            startNode();
            log.atInfo().addKeyValue("directory", directory.path()).log("the cluster store started again");
        } catch (IOException | RuntimeException e) {
            log.atError().setCause(e).addKeyValue("directory", directory.path()).log("the cluster store did not start");
            scheduleRestart();
        }
    }

    @Override
    public void close() {
        closing = true;
        try {
            onOwnThread(() -> {
                if (node != null) {
                    current().close();
                }
            });
        } catch (IOException e) {
            throw FlynnException.internal("the cluster store did not close cleanly", e);
        } finally {
            threads.shutdownNow();
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    /** Ratis keeps the thread group of whoever calls it, and suffers when that one is interrupted. */
    private void onOwnThread(Work work) throws IOException {
        var done = new CompletableFuture<Boolean>();
        threads.execute(() -> {
            try {
                work.run();
                done.complete(true);
            } catch (IOException | RuntimeException e) {
                done.completeExceptionally(e);
            }
        });
        try {
            done.join();
        } catch (CompletionException e) {
            throw new IOException(e.getCause());
        }
    }

    /** What people need to know of a failure: what it is about, and where it comes from. */
    private static String reason(Throwable failure) {
        Throwable about = failure;
        while (about.getCause() != null && isWrapper(about, about.getCause())) {
            about = about.getCause();
        }
        Throwable root = about;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String reason = messageOf(about);
        return reason.contains(messageOf(root)) ? reason : reason + ": " + messageOf(root);
    }

    private static boolean isWrapper(Throwable failure, Throwable cause) {
        return failure instanceof CompletionException
                || failure instanceof ExecutionException
                || cause.toString().equals(failure.getMessage());
    }

    private static String messageOf(Throwable failure) {
        return failure.getMessage() == null ? failure.toString() : failure.getMessage();
    }
}
