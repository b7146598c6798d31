package dev.flynn.store;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.Transaction;
import dev.flynn.store.StoreMember.Role;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.proto.RaftProtos.CommitInfoProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientAsynchronousProtocol;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.SnapshotManagementRequest;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One start of Ratis on a data directory, until it is closed or fails. */
final class RaftNode implements StoreStateMachine.Listener {

    private static final Logger log = LoggerFactory.getLogger(RaftNode.class);

    private static final long SNAPSHOT_TIMEOUT_MILLIS = 60_000;
    private static final long HAND_OVER_MILLIS = 3000;

    private final RaftServer server;
    private final RaftGroupId group;
    private final ClientId client = ClientId.randomId();
    private final AtomicLong calls = new AtomicLong();
    private final Executor threads;
    private final Executor slowThreads;
    private final Consumer<RaftNode> onFailure;
    private final AppliedIndex applied = new AppliedIndex();
    private final StoreTime time;
    private final @Nullable ReadIndex readIndex;
    private final @Nullable ListenerVotes listenerVotes;
    private final boolean isAlone;

    private record Submission(RaftClientRequest request, CompletableFuture<RaftClientReply> reply) {}

    private final Queue<Submission> submitted = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean forwarding = new AtomicBoolean();
    private final Set<CompletableFuture<RaftClientReply>> pending = ConcurrentHashMap.newKeySet();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition progress = lock.newCondition();
    private volatile @Nullable Throwable failure;

    /**
     * Prepares a start; {@link #start} does it.
     *
     * @param peers null if there are no others
     * @param threads where Ratis is called: never on a caller's own thread, whose interruption would break the log and in
     *     whose thread group Ratis' threads would end up
     * @param onFailure told once, when this start is over
     */
    RaftNode(
            DataDirectory directory,
            LiveState live,
            StoreLimits limits,
            RaftSettings settings,
            @Nullable PeerCalls peers,
            Executor threads,
            Consumer<RaftNode> onFailure)
            throws IOException {
        this.threads = threads;
        this.onFailure = onFailure;
        this.time = new StoreTime(live);
        this.isAlone = peers == null;
        this.group = RaftGroupId.valueOf(directory.group());
        var parameters = new Parameters();
        @Nullable SnapshotTransfer transfer = null;
        if (peers != null) {
            parameters.put(PeerRpc.CALLS, peers, PeerCalls.class);
            transfer = new SnapshotTransfer(peers);
            this.listenerVotes = ListenerVotes.open(directory.path());
            parameters.put(PeerRpc.VOTES, listenerVotes, ListenerVotes.class);
        } else {
            this.listenerVotes = null;
        }
        this.readIndex = peers == null ? null : new ReadIndex(this, peers);
        this.slowThreads = peers == null ? threads : peers.threads();
        this.server = RaftServer.newBuilder()
                .setServerId(RaftPeerId.valueOf(directory.peer()))
                .setGroup(RaftGroup.valueOf(group, firstConfiguration(directory, peers)))
                .setOption(RaftStorage.StartupOption.RECOVER)
                .setProperties(peers == null ? settings.alone(directory.path()) : settings.withPeers(directory.path()))
                .setParameters(parameters)
                .setThreadGroup(Thread.currentThread().getThreadGroup())
                .setStateMachine(new StoreStateMachine(
                        live, limits, settings.snapshotEvery(), applied, transfer, slowThreads, this))
                .build();
    }

    /** What counts until the log or a leader says more: the founders, or for who joins, itself as a listener. */
    private static List<RaftPeer> firstConfiguration(DataDirectory directory, @Nullable PeerCalls peers) {
        if (directory.founders().isEmpty()) {
            return List.of(RaftPeer.newBuilder()
                    .setId(directory.peer())
                    .setAddress(peers == null ? "" : peers.address())
                    .setStartupRole(RaftPeerRole.LISTENER)
                    .build());
        }
        return directory.founders().stream().map(RaftNode::raftPeer).toList();
    }

    static RaftPeer raftPeer(StoreMember member) {
        return RaftPeer.newBuilder()
                .setId(member.id())
                .setAddress(member.address())
                .build();
    }

    void start() throws IOException {
        server.start();
        if (isAlone) {
            PauseMonitor.stop(server);
        }
    }

    /** Whether this peer leads and takes changes. */
    boolean isReady() {
        try {
            return failure == null && division().getInfo().isLeaderReady();
        } catch (IOException notYet) {
            return false;
        }
    }

    /** Who leads, as far as this peer knows; itself only if it does. */
    Optional<String> leader() {
        try {
            return Optional.ofNullable(division().getInfo().getLeaderId()).map(RaftPeerId::toString);
        } catch (IOException notYet) {
            return Optional.empty();
        }
    }

    /** The term this peer is in; nobody can have been elected by its vote in a later one. */
    long term() throws IOException {
        DivisionInfo info = division().getInfo();
        if (failure != null || !info.getLifeCycleState().isRunning()) {
            throw new IOException("peer \"" + server.getId() + "\" is not running");
        }
        long voted = listenerVotes == null ? 0 : listenerVotes.term();
        return Math.max(voted, info.getCurrentTerm());
    }

    long committedIndex() throws IOException {
        return division().getRaftLog().getLastCommittedIndex();
    }

    /** See {@link ReadIndex}; fails if this peer does not lead. */
    CompletableFuture<Long> readIndex() {
        if (readIndex != null) {
            return readIndex.get();
        }
        try {
            return isReady()
                    ? CompletableFuture.completedFuture(committedIndex())
                    : CompletableFuture.failedFuture(PeerRefusal.notLeader(""));
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    AppliedIndex applied() {
        return applied;
    }

    /** The voters; during a change of them both the new and the old ones, of which each needs its majority. */
    List<Set<String>> electorates() throws IOException {
        RaftConfiguration configuration = division().getRaftConf();
        Set<String> current = ids(configuration.getCurrentPeers());
        Set<String> previous = ids(configuration.getPreviousPeers());
        return previous.isEmpty() ? List.of(current) : List.of(current, previous);
    }

    /** Everybody of the configuration that this peer knows of. */
    List<StoreMember> members() throws IOException {
        RaftConfiguration configuration = division().getRaftConf();
        List<StoreMember> members = new ArrayList<>();
        configuration.getCurrentPeers(RaftPeerRole.FOLLOWER).forEach(peer -> members.add(member(peer, Role.VOTER)));
        configuration.getCurrentPeers(RaftPeerRole.LISTENER).forEach(peer -> members.add(member(peer, Role.LISTENER)));
        members.sort(Comparator.comparing(StoreMember::id));
        return members;
    }

    /** How far a peer has said it is with what was committed, -1 if nothing is known; only a leader knows. */
    long committedIndexOf(String peer) throws IOException {
        return division().getCommitInfos().stream()
                .filter(info -> info.getServer().getId().toStringUtf8().equals(peer))
                .mapToLong(CommitInfoProto::getCommitIndex)
                .findFirst()
                .orElse(-1);
    }

    /**
     * Makes these the members, if those are.
     *
     * <p>Ratis takes a change of nothing but addresses for none. It knows one by priorities: all members have the same, which
     * says nothing of any of them, and it is another after such a change.
     */
    CompletableFuture<RaftClientReply> setMembers(List<StoreMember> before, List<StoreMember> after)
            throws IOException {
        int priority = priority();
        int next = haveMoved(before, after) ? 1 - priority : priority;
        var arguments = SetConfigurationRequest.Arguments.newBuilder()
                .setMode(SetConfigurationRequest.Mode.COMPARE_AND_SET)
                .setServersInCurrentConf(raftPeers(before, Role.VOTER, priority))
                .setListenersInCurrentConf(raftPeers(before, Role.LISTENER, priority))
                .setServersInNewConf(raftPeers(after, Role.VOTER, next))
                .setListenersInNewConf(raftPeers(after, Role.LISTENER, next))
                .build();
        return onThreads(() -> server.setConfigurationAsync(
                new SetConfigurationRequest(client, server.getId(), group, calls.incrementAndGet(), arguments)));
    }

    private int priority() throws IOException {
        return division().getRaftConf().getCurrentPeers(RaftPeerRole.FOLLOWER).stream()
                .mapToInt(RaftPeer::getPriority)
                .findFirst()
                .orElse(0);
    }

    private static boolean haveMoved(List<StoreMember> before, List<StoreMember> after) {
        return before.stream()
                .anyMatch(was -> after.stream()
                        .anyMatch(
                                is -> is.id().equals(was.id()) && !is.address().equals(was.address())));
    }

    private static List<RaftPeer> raftPeers(List<StoreMember> members, Role role, int priority) {
        return members.stream()
                .filter(member -> member.role() == role)
                .map(member -> RaftPeer.newBuilder(raftPeer(member))
                        .setPriority(priority)
                        .build())
                .toList();
    }

    /** Has another voter lead. */
    CompletableFuture<RaftClientReply> handOver(String peer) {
        return onThreads(
                () -> CompletableFuture.completedFuture(server.transferLeadership(new TransferLeadershipRequest(
                        client,
                        server.getId(),
                        group,
                        calls.incrementAndGet(),
                        RaftPeerId.valueOf(peer),
                        HAND_OVER_MILLIS))));
    }

    private interface RatisCall {
        CompletableFuture<RaftClientReply> make() throws IOException;
    }

    private CompletableFuture<RaftClientReply> onThreads(RatisCall call) {
        return CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                return call.make();
                            } catch (IOException e) {
                                throw new CompletionException(e);
                            }
                        },
                        slowThreads)
                .thenCompose(reply -> reply);
    }

    private static StoreMember member(RaftPeer peer, Role role) {
        @Nullable String address = peer.getAddress();
        return new StoreMember(peer.getId().toString(), address == null ? "" : address, role);
    }

    private static Set<String> ids(Collection<RaftPeer> peers) {
        return peers.stream().map(peer -> peer.getId().toString()).collect(Collectors.toUnmodifiableSet());
    }

    private RaftServer.Division division() throws IOException {
        return server.getDivision(group);
    }

    Optional<Throwable> failure() {
        return Optional.ofNullable(failure);
    }

    /** Appends to the log; completes once it is applied. Only a leader can. */
    CompletableFuture<RaftClientReply> write(Transaction transaction) {
        byte[] command = StoreCodec.encode(new Command(time.millis(), transaction));
        return submit(RaftClientRequest.writeRequestType(), Message.valueOf(UnsafeByteOperations.unsafeWrap(command)));
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
        submitted.add(new Submission(request, reply));
        if (forwarding.compareAndSet(false, true)) {
            try {
                threads.execute(this::forwardAll);
            } catch (RejectedExecutionException closed) {
                reply.completeExceptionally(closed);
            }
        }
        failure().ifPresent(reply::completeExceptionally);
        return reply;
    }

    /** Takes to Ratis what came up since one writer woke this thread. */
    private void forwardAll() {
        forwarding.set(false);
        for (Submission next = submitted.poll(); next != null; next = submitted.poll()) {
            forward(next);
        }
    }

    private void forward(Submission submission) {
        try {
            // not through the server, which would wait for another thread to do the same
            var direct = (RaftClientAsynchronousProtocol) division();
            direct.submitClientRequestAsync(submission.request()).whenComplete((result, error) -> {
                if (error == null) {
                    submission.reply().complete(result);
                } else {
                    submission.reply().completeExceptionally(error);
                }
            });
        } catch (IOException | RuntimeException e) {
            submission.reply().completeExceptionally(e);
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
    public void onLeading() {
        time.begin();
        onProgress();
    }

    @Override
    public void onSnapshotWritten() {
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
                log.atWarn().setCause(error).log("a snapshot was written, but the log before it is still there");
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
