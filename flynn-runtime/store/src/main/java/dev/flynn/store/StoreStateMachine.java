package dev.flynn.store;

import dev.flynn.spi.store.CommitResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
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

/** Applies committed log entries to the state; all decisions are made there. */
final class StoreStateMachine extends BaseStateMachine {

    /** What the state machine tells about Raft. */
    interface Listener {

        /** Something changed that may make a refused request succeed. */
        void onProgress();

        /** The log cannot be written any more, or Ratis gave up for another reason: this start of it is over. */
        void onFailed(Throwable cause);

        /** So many bytes of log have been applied since the last snapshot that it is time for one. */
        void onLogLong();
    }

    private static final int RETAINED_SNAPSHOTS = 2;
    private static final long SNAPSHOT_EVERY_BYTES = 32L << 20;

    private final LiveState live;
    private final StoreLimits limits;
    private final Listener listener;
    private final Snapshots snapshots = new Snapshots(RETAINED_SNAPSHOTS);
    private long bytesSinceSnapshot;

    StoreStateMachine(LiveState live, StoreLimits limits, Listener listener) {
        this.live = live;
        this.limits = limits;
        this.listener = listener;
    }

    @Override
    public void initialize(RaftServer server, RaftGroupId groupId, RaftStorage raftStorage) throws IOException {
        getLifeCycle().startAndTransition(() -> {
            super.initialize(server, groupId, raftStorage);
            snapshots.init(raftStorage);
            LogFiles.requireContinuation(raftStorage.getStorageDir().getRoot().toPath(), load());
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
            return RaftLog.INVALID_LOG_INDEX;
        }
        live.replace(SnapshotFile.read(snapshot.getFile().getPath(), limits));
        setLastAppliedTermIndex(snapshot.getTermIndex());
        return snapshot.getIndex();
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        LogEntryProto entry = transaction.getLogEntry();
        ByteString bytes = entry.getStateMachineLogEntry().getLogData();
        CommitResult result = live.apply(StoreCodec.decodeCommand(bytes.newInput()));
        updateLastAppliedTermIndex(entry.getTerm(), entry.getIndex());
        bytesSinceSnapshot += bytes.size();
        if (bytesSinceSnapshot > SNAPSHOT_EVERY_BYTES) {
            bytesSinceSnapshot = 0;
            listener.onLogLong();
        }
        ByteString reply = UnsafeByteOperations.unsafeWrap(StoreCodec.encode(result));
        return CompletableFuture.completedFuture(Message.valueOf(reply));
    }

    /** Nothing: a linearizable read waits for its turn in Raft and then reads the local state. */
    @Override
    public CompletableFuture<Message> query(Message request) {
        return CompletableFuture.completedFuture(Message.EMPTY);
    }

    @Override
    public long takeSnapshot() throws IOException {
        TermIndex last = getLastAppliedTermIndex();
        StoreState state = live.read(current -> current.copy(limits));
        Path file = snapshots.fileOf(last);
        SnapshotFile.write(state, file);
        snapshots.added(file);
        bytesSinceSnapshot = 0;
        return last.getIndex();
    }

    @Override
    public StateMachineStorage getStateMachineStorage() {
        return snapshots;
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

    @Override
    public void close() {
        getLifeCycle().checkStateAndClose(() -> {});
    }
}
