package dev.flynn.store;

import dev.flynn.spi.store.CommitResult;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Applies committed log entries to the state; all decisions are made there. */
final class StoreStateMachine extends BaseStateMachine {

    private static final Logger log = LoggerFactory.getLogger(StoreStateMachine.class);

    /** What the state machine tells about Raft. */
    interface Listener {

        /** Something changed that may make a refused request succeed. */
        void onProgress();

        /** The log cannot be written any more, or Ratis gave up for another reason: this start of it is over. */
        void onFailed(Throwable cause);

        /** A snapshot is on disk: the log before it can go. */
        void onSnapshotWritten();

        /** This peer leads, and has applied everything that was committed before. */
        void onLeading();
    }

    private static final int RETAINED_SNAPSHOTS = 2;
    private static final long SNAPSHOT_EVERY_BYTES = 32L << 20;

    private final LiveState live;
    private final StoreLimits limits;
    private final AppliedIndex applied;
    private final @Nullable SnapshotTransfer transfer;
    private final Executor threads;
    private final Listener listener;
    private final Snapshots snapshots = new Snapshots(RETAINED_SNAPSHOTS);
    private final SnapshotWriter writer;
    private final SnapshotPace pace;
    private long entriesSinceSnapshot;
    private long bytesSinceSnapshot;

    /**
     * @param snapshotEvery so many transactions
     * @param transfer null if there are no other peers
     * @param threads for what takes time
     */
    StoreStateMachine(
            LiveState live,
            StoreLimits limits,
            long snapshotEvery,
            AppliedIndex applied,
            @Nullable SnapshotTransfer transfer,
            Executor threads,
            Listener listener) {
        this.live = live;
        this.limits = limits;
        this.pace = new SnapshotPace(snapshotEvery, SNAPSHOT_EVERY_BYTES);
        this.writer = new SnapshotWriter(snapshots, listener::onSnapshotWritten);
        this.applied = applied;
        this.transfer = transfer;
        this.threads = threads;
        this.listener = listener;
    }

    @Override
    public void initialize(RaftServer server, RaftGroupId groupId, RaftStorage raftStorage) throws IOException {
        getLifeCycle().startAndTransition(() -> {
            super.initialize(server, groupId, raftStorage);
            snapshots.init(raftStorage);
            LogFiles.requireContinuation(raftStorage.getStorageDir().getRoot().toPath(), load());
            if (transfer != null) {
                transfer.use(snapshots);
            }
        });
    }

    @Override
    public void pause() {
        getLifeCycle().transition(LifeCycle.State.PAUSING);
        getLifeCycle().transition(LifeCycle.State.PAUSED);
    }

    /** Continues from the snapshot that the leader sent. */
    @Override
    public void reinitialize() throws IOException {
        snapshots.refresh();
        load();
        if (getLifeCycleState() == LifeCycle.State.PAUSED) {
            getLifeCycle().transition(LifeCycle.State.STARTING);
            getLifeCycle().transition(LifeCycle.State.RUNNING);
        }
    }

    /** Continues from the newest snapshot and tells its index, or begins anew and tells -1. */
    private long load() throws IOException {
        SingleFileSnapshotInfo snapshot = snapshots.getLatestSnapshot();
        if (snapshot == null) {
            live.replace(new StoreState(limits));
            applied.advance(RaftLog.INVALID_LOG_INDEX);
            return RaftLog.INVALID_LOG_INDEX;
        }
        live.replace(SnapshotFile.read(snapshot.getFile().getPath(), limits));
        setLastAppliedTermIndex(snapshot.getTermIndex());
        applied.advance(snapshot.getIndex());
        return snapshot.getIndex();
    }

    /** Fetches what the leader's log no longer has. */
    @Override
    public CompletableFuture<TermIndex> notifyInstallSnapshotFromLeader(RoleInfoProto role, TermIndex firstAvailable) {
        String leader = role.getFollowerInfo().getLeaderInfo().getId().getId().toStringUtf8();
        var fetched = new CompletableFuture<TermIndex>();
        try {
            threads.execute(() -> fetch(leader, fetched));
        } catch (RejectedExecutionException closed) {
            fetched.completeExceptionally(closed);
        }
        return fetched;
    }

    @SuppressWarnings("NullAway") // Ratis' way to say that there is no snapshot
    private void fetch(String leader, CompletableFuture<TermIndex> fetched) {
        try {
            if (transfer == null) {
                throw new IOException("this store has one peer");
            }
            fetched.complete(transfer.fetch(leader, snapshots).orElse(null));
        } catch (IOException | RuntimeException e) {
            log.atWarn().setCause(e).addKeyValue("peer", leader).log("no snapshot could be fetched; trying again");
            fetched.completeExceptionally(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            fetched.completeExceptionally(e);
        }
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        LogEntryProto entry = transaction.getLogEntry();
        ByteString bytes = entry.getStateMachineLogEntry().getLogData();
        CommitResult result;
        try {
            result = live.apply(StoreCodec.decodeCommand(bytes.newInput()));
        } catch (RuntimeException e) {
            listener.onFailed(e);
            throw e;
        }
        updateLastAppliedTermIndex(entry.getTerm(), entry.getIndex());
        applied.advance(entry.getIndex());
        logSinceSnapshot(bytes.size());
        ByteString reply = UnsafeByteOperations.unsafeWrap(StoreCodec.encode(result));
        return CompletableFuture.completedFuture(Message.valueOf(reply));
    }

    private void logSinceSnapshot(int bytes) {
        entriesSinceSnapshot++;
        bytesSinceSnapshot += bytes;
        if (pace.isDue(entriesSinceSnapshot, bytesSinceSnapshot, latestBytes()) && !writer.isBusy()) {
            entriesSinceSnapshot = 0;
            bytesSinceSnapshot = 0;
            writer.write(live.read(StoreState::image), getLastAppliedTermIndex());
        }
    }

    private long latestBytes() {
        @Nullable SingleFileSnapshotInfo latest = snapshots.getLatestSnapshot();
        return latest == null ? 0 : latest.getFile().getFileSize();
    }

    /** Gives Ratis the snapshot that has been written, or at the end writes one. */
    @Override
    public long takeSnapshot() throws IOException {
        SnapshotWriter.@Nullable Written written = writer.take();
        if (written == null) {
            writer.await();
            written = writer.take();
        }
        if (written == null) {
            written = SnapshotWriter.write(snapshots, live.read(StoreState::image), getLastAppliedTermIndex());
        }
        @Nullable SingleFileSnapshotInfo latest = snapshots.getLatestSnapshot();
        if (latest != null && latest.getIndex() >= written.index().getIndex()) {
            return latest.getIndex();
        }
        snapshots.added(written.file());
        return written.index().getIndex();
    }

    @Override
    public StateMachineStorage getStateMachineStorage() {
        return snapshots;
    }

    @Override
    public void notifyTermIndexUpdated(long term, long index) {
        super.notifyTermIndexUpdated(term, index);
        applied.advance(index);
    }

    @Override
    public void notifyLeaderReady() {
        listener.onLeading();
    }

    @Override
    public void notifyLeaderChanged(RaftGroupMemberId member, RaftPeerId leader) {
        listener.onProgress();
    }

    @Override
    public void notifyConfigurationChanged(long term, long index, RaftConfigurationProto configuration) {
        listener.onProgress();
    }

    @Override
    public void notifyLogFailed(Throwable cause, @Nullable LogEntryProto failedEntry) {
        listener.onFailed(cause);
    }

    @Override
    public void notifyServerShutdown(RoleInfoProto role, boolean allServer) {
        listener.onFailed(new IOException("Ratis has shut down"));
    }

    /** Ratis closes what it gave up, too, without another word. */
    @Override
    public void close() {
        getLifeCycle().checkStateAndClose(() -> {});
        writer.await();
        listener.onFailed(new IOException("Ratis has shut down"));
    }
}
