package dev.flynn.store;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SnapshotManagementRequest;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One start of Ratis on a data directory, until it is closed or fails. */
final class RaftNode implements StoreStateMachine.Listener {

    private static final Logger log = LoggerFactory.getLogger(RaftNode.class);

    private static final long SNAPSHOT_TIMEOUT_MILLIS = 60_000;

    private final RaftServer server;
    private final RaftGroupId group;
    private final ClientId client = ClientId.randomId();
    private final AtomicLong calls = new AtomicLong();
    private final Executor threads;
    private final Consumer<RaftNode> onFailure;
    private final Set<CompletableFuture<RaftClientReply>> pending = ConcurrentHashMap.newKeySet();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition progress = lock.newCondition();
    private volatile @Nullable Throwable failure;

    /**
     * Prepares a start; {@link #start} does it.
     *
     * @param threads where Ratis is called: never on a caller's own thread, whose interruption would break the log and in
     *     whose thread group Ratis' threads would end up
     * @param onFailure told once, when this start is over
     */
    RaftNode(
            DataDirectory directory,
            LiveState live,
            StoreLimits limits,
            RaftSettings settings,
            Executor threads,
            Consumer<RaftNode> onFailure)
            throws IOException {
        this.threads = threads;
        this.onFailure = onFailure;
        this.group = RaftGroupId.valueOf(directory.group());
        RaftPeer self = RaftPeer.newBuilder().setId(directory.peer()).build();
        this.server = RaftServer.newBuilder()
                .setServerId(RaftPeerId.valueOf(directory.peer()))
                .setGroup(RaftGroup.valueOf(group, self))
                .setOption(RaftStorage.StartupOption.RECOVER)
                .setProperties(settings.properties(directory.path()))
                .setThreadGroup(Thread.currentThread().getThreadGroup())
                .setStateMachine(new StoreStateMachine(live, limits, this))
                .build();
    }

    void start() throws IOException {
        server.start();
    }

    boolean isReady() {
        try {
            return failure == null && server.getDivision(group).getInfo().isLeaderReady();
        } catch (IOException notYet) {
            return false;
        }
    }

    Optional<Throwable> failure() {
        return Optional.ofNullable(failure);
    }

    CompletableFuture<RaftClientReply> write(Message command) {
        return submit(RaftClientRequest.writeRequestType(), command);
    }

    /** Completes once this replica has applied everything that was acknowledged when this was called. */
    CompletableFuture<RaftClientReply> readBarrier() {
        return submit(RaftClientRequest.readRequestType(), Message.EMPTY);
    }

    private CompletableFuture<RaftClientReply> submit(RaftClientRequest.Type type, Message message) {
        RaftClientRequest request = RaftClientRequest.newBuilder()
                .setClientId(client)
                .setServerId(server.getId())
                .setGroupId(group)
                .setCallId(calls.incrementAndGet())
                .setType(type)
                .setMessage(message)
                .build();
        var reply = new CompletableFuture<RaftClientReply>();
        pending.add(reply);
        reply.whenComplete((result, error) -> pending.remove(reply));
        try {
            threads.execute(() -> forward(request, reply));
        } catch (RejectedExecutionException closed) {
            reply.completeExceptionally(closed);
        }
        failure().ifPresent(reply::completeExceptionally);
        return reply;
    }

    private void forward(RaftClientRequest request, CompletableFuture<RaftClientReply> reply) {
        try {
            server.submitClientRequestAsync(request).whenComplete((result, error) -> {
                if (error == null) {
                    reply.complete(result);
                } else {
                    reply.completeExceptionally(error);
                }
            });
        } catch (IOException | RuntimeException e) {
            reply.completeExceptionally(e);
        }
    }

    /** Waits until something changed that may make a refused request succeed, but no longer than this. */
    void awaitProgress(long maxNanos) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long ignored = progress.awaitNanos(maxNanos);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onProgress() {
        lock.lock();
        try {
            progress.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onFailed(Throwable cause) {
        synchronized (pending) {
            if (failure != null) {
                return;
            }
            failure = cause;
        }
        pending.forEach(reply -> reply.completeExceptionally(cause));
        onProgress();
        onFailure.accept(this);
    }

    @Override
    public void onLogLong() {
        try {
            threads.execute(this::requestSnapshot);
        } catch (RejectedExecutionException closed) {
            log.atDebug().log("no snapshot any more, the store is closed");
        }
    }

    private void requestSnapshot() {
        var request = SnapshotManagementRequest.newCreate(
                client, server.getId(), group, calls.incrementAndGet(), SNAPSHOT_TIMEOUT_MILLIS);
        var unused = server.snapshotManagementAsync(request).whenComplete((reply, error) -> {
            if (error != null) {
                log.atWarn().setCause(error).log("the store's log is long, but no snapshot was taken");
            }
        });
    }

    void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw FlynnException.internal("the cluster store did not close cleanly", e);
        } finally {
            onFailed(new IOException("the cluster store was closed"));
        }
    }
}
