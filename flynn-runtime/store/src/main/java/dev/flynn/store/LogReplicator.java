package dev.flynn.store;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.rpc.CallId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.leader.LogAppenderBase;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.raftlog.RaftLogIOException;
import org.apache.ratis.util.Timestamp;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one follower's log to where the leader's is. One request with entries is under way at a time and takes along all
 * that has come up meanwhile; while a follower's disk is slow, heartbeats go beside it. A follower hears soon of what was
 * committed, because its watches wait for that. One that is too far behind is told to fetch a snapshot.
 */
final class LogReplicator extends LogAppenderBase {

    private static final Logger log = LoggerFactory.getLogger(LogReplicator.class);

    private static final int MAX_BATCH_BYTES = 1 << 20;
    private static final int MAX_BATCH_ENTRIES = 2048;

    /** How long a commit waits for entries that would tell the follower of it by the way. */
    private static final long COMMIT_NEWS_DELAY_MILLIS = 1;

    private static final long RETRY_MILLIS = 100;
    private static final long SNAPSHOT_POLL_MILLIS = 50;
    private static final long APPEND_PATIENCE_MILLIS = 2000;

    private final PeerRpc.Endpoint rpc;
    private long toldCommit = RaftLog.INVALID_LOG_INDEX;
    private volatile boolean unreachable;
    private boolean settled;

    LogReplicator(RaftServer.Division server, LeaderState leader, FollowerInfo follower) {
        super(server, leader, follower);
        this.rpc = (PeerRpc.Endpoint) server.getRaftServer().getServerRpc();
    }

    @Override
    public long getCallId() {
        return CallId.get();
    }

    @Override
    public Comparator<Long> getCallIdComparator() {
        return CallId.getComparator();
    }

    @Override
    public void run() throws InterruptedException, IOException {
        while (isRunning()) {
            try {
                step();
            } catch (RaftLogIOException ownLog) {
                throw ownLog;
            } catch (IOException | FlynnException e) {
                failed(e);
            }
            getLeaderState().checkHealth(getFollower());
        }
    }

    private void step() throws InterruptedException, IOException {
        if (!settled) {
            settled = SettledListener.settle(getFollower(), getServer().getRaftConf());
        }
        @Nullable TermIndex snapshot = shouldNotifyToInstallSnapshot();
        if (snapshot != null) {
            haveSnapshotFetched(snapshot);
        } else if (hasAppendEntries()) {
            append(entries());
        } else if (shouldSendAppendEntries()) {
            append(List.of());
        } else if (hasCommitNews()) {
            getEventAwaitForSignal().await(COMMIT_NEWS_DELAY_MILLIS, TimeUnit.MILLISECONDS);
            if (!hasAppendEntries()) {
                append(List.of());
            }
        } else {
            getEventAwaitForSignal().await(Math.max(1, getHeartbeatWaitTimeMs()), TimeUnit.MILLISECONDS);
        }
    }

    private boolean hasCommitNews() {
        return getRaftLog().getLastCommittedIndex() > toldCommit;
    }

    private List<LogEntryProto> entries() throws RaftLogIOException {
        RaftLog raftLog = getRaftLog();
        long end = raftLog.getNextIndex();
        List<LogEntryProto> entries = new ArrayList<>();
        long bytes = 0;
        for (long index = getFollower().getNextIndex(); index < end && entries.size() < MAX_BATCH_ENTRIES; index++) {
            @Nullable LogEntryProto entry = raftLog.get(index);
            if (entry == null) {
                break; // just purged
            }
            bytes += entry.getSerializedSize();
            if (bytes > MAX_BATCH_BYTES && !entries.isEmpty()) {
                break;
            }
            entries.add(entry);
        }
        return entries;
    }

    private void append(List<LogEntryProto> entries) throws InterruptedException, IOException {
        long next = getFollower().getNextIndex();
        @Nullable TermIndex previous = getPrevious(next);
        boolean isKnown = previous != null
                || next <= RaftLog.LEAST_VALID_LOG_INDEX
                || next == getFollower().getSnapshotIndex() + 1;
        if (!entries.isEmpty() && (!isKnown || entries.get(0).getIndex() != next)) {
            return; // purged meanwhile: a snapshot is next
        }
        resetHeartbeatTrigger();
        AppendEntriesRequestProto request = getLeaderState()
                .newAppendEntriesRequestProto(getFollower(), entries, previous, CallId.getAndIncrement());
        var sentAt = Timestamp.currentTime();
        AppendEntriesReplyProto reply = send(request);
        answered(sentAt);
        getLeaderState().onFollowerCommitIndex(getFollower(), reply.getFollowerCommit());
        handle(request, reply);
    }

    /** Sends, and keeps the follower's trust in its leader while it is busy with what it got. */
    private AppendEntriesReplyProto send(AppendEntriesRequestProto request) throws InterruptedException, IOException {
        getFollower().updateLastRpcSendTime(request.getEntriesCount() == 0);
        CompletableFuture<ByteBuffer> answer = rpc.append(request);
        long beat = getServer().properties().minRpcTimeoutMs() / 2;
        long patience = request.getEntriesCount() == 0 ? 2 * beat : APPEND_PATIENCE_MILLIS;
        var begun = Timestamp.currentTime();
        while (true) {
            try {
                return AppendEntriesReplyProto.parseFrom(answer.get(beat, TimeUnit.MILLISECONDS));
            } catch (ExecutionException e) {
                throw PeerCalls.asIoException(e);
            } catch (TimeoutException e) {
                boolean isLost = getFollower().getLastRpcResponseTime().elapsedTimeMs() > 4 * beat;
                if (!isRunning()
                        || begun.elapsedTimeMs() >= patience
                        || (isLost && begun.elapsedTimeMs() >= 2 * beat)) {
                    throw new IOException("no answer in " + begun.elapsedTimeMs() + " ms", e);
                }
                beat();
            }
        }
    }

    /** A heartbeat that says nothing about the log. */
    private void beat() {
        AppendEntriesRequestProto heartbeat =
                getLeaderState().newAppendEntriesRequestProto(getFollower(), List.of(), null, CallId.getAndIncrement());
        var sentAt = Timestamp.currentTime();
        var unused = rpc.append(heartbeat).thenAccept(bytes -> {
            try {
                AppendEntriesReplyProto reply = AppendEntriesReplyProto.parseFrom(bytes);
                answered(sentAt);
                if (reply.getResult() == AppendEntriesReplyProto.AppendResult.NOT_LEADER) {
                    onFollowerTerm(reply.getTerm());
                }
            } catch (IOException e) {
                log.atDebug().setCause(e).log("a heartbeat's answer that is none");
            }
        });
    }

    private void answered(Timestamp sentAt) {
        getFollower().updateLastRpcResponseTime();
        getFollower().updateLastRespondedAppendEntriesSendTime(sentAt);
        reached();
    }

    private void handle(AppendEntriesRequestProto request, AppendEntriesReplyProto reply) throws InterruptedException {
        FollowerInfo follower = getFollower();
        switch (reply.getResult()) {
            case SUCCESS -> {
                toldCommit = Math.max(toldCommit, request.getLeaderCommit());
                if (request.getEntriesCount() > 0) {
                    long last =
                            request.getEntries(request.getEntriesCount() - 1).getIndex();
                    follower.updateMatchIndex(last);
                    follower.updateNextIndex(last + 1);
                    getLeaderState().onFollowerSuccessAppendEntries(follower);
                }
            }
            case NOT_LEADER -> {
                if (!onFollowerTerm(reply.getTerm())) {
                    getEventAwaitForSignal().await(RETRY_MILLIS, TimeUnit.MILLISECONDS);
                }
            }
            case INCONSISTENCY -> {
                long first =
                        request.getEntriesCount() > 0 ? request.getEntries(0).getIndex() : follower.getNextIndex();
                follower.setNextIndex(getNextIndexForInconsistency(first, reply.getNextIndex()));
            }
            default -> log.atWarn().addKeyValue("result", reply.getResult()).log("a follower's answer that is unknown");
        }
        getLeaderState().onAppendEntriesReply(this, reply);
    }

    private void haveSnapshotFetched(TermIndex firstAvailable) throws InterruptedException, IOException {
        FollowerInfo follower = getFollower();
        follower.updateLastRpcSendTime(false);
        InstallSnapshotReplyProto reply = rpc.installSnapshot(newInstallSnapshotNotificationRequest(firstAvailable));
        follower.updateLastRpcResponseTime();
        switch (reply.getResult()) {
            case SNAPSHOT_INSTALLED, ALREADY_INSTALLED -> {
                follower.setSnapshotIndex(reply.getSnapshotIndex());
                follower.setAttemptedToInstallSnapshot();
                getLeaderState().onFollowerCommitIndex(follower, reply.getSnapshotIndex());
                getLeaderState().onFollowerSuccessAppendEntries(follower);
            }
            case SNAPSHOT_UNAVAILABLE -> follower.setAttemptedToInstallSnapshot();
            case NOT_LEADER -> {
                if (!onFollowerTerm(reply.getTerm())) {
                    getEventAwaitForSignal().await(RETRY_MILLIS, TimeUnit.MILLISECONDS);
                }
            }
            default -> getEventAwaitForSignal().await(SNAPSHOT_POLL_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void reached() {
        if (unreachable) {
            unreachable = false;
            log.atInfo().addKeyValue("peer", getFollowerId()).log("peer of the cluster store is reached again");
        }
    }

    private void failed(Exception failure) throws InterruptedException {
        if (!unreachable && isRunning()) {
            unreachable = true;
            log.atWarn()
                    .addKeyValue("peer", getFollowerId())
                    .addKeyValue("reason", String.valueOf(failure.getMessage()))
                    .log("peer of the cluster store is not reached");
        }
        getEventAwaitForSignal().await(RETRY_MILLIS, TimeUnit.MILLISECONDS);
    }
}
