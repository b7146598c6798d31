package dev.flynn.store;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionReplyProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerRpc;
import org.apache.ratis.server.ServerFactory;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.leader.LogAppender;
import org.apache.ratis.thirdparty.com.google.protobuf.CodedOutputStream;
import org.apache.ratis.thirdparty.com.google.protobuf.MessageLite;
import org.apache.ratis.util.ProtoUtils;
import org.jspecify.annotations.Nullable;

/** Ratis' own messages over {@link PeerCalls}. Ratis makes an instance by the class's name. */
final class PeerRpc implements RpcType {

    /** Under which Ratis passes the {@link PeerCalls} on. */
    static final String CALLS = "flynn.peer-calls";

    /** Under which Ratis passes the {@link ListenerVotes} on. */
    static final String VOTES = "flynn.listener-votes";

    private static final String VOTE = "store/vote";
    private static final String APPEND = "store/append";
    private static final String SNAPSHOT = "store/snapshot";
    private static final String ELECT = "store/elect";

    private static final Duration PATIENCE = Duration.ofSeconds(2);

    PeerRpc() {}

    @Override
    public String name() {
        return PeerRpc.class.getName();
    }

    @Override
    public ServerFactory newFactory(Parameters parameters) {
        PeerCalls calls = parameters.getNonNull(CALLS, PeerCalls.class);
        ListenerVotes votes = parameters.getNonNull(VOTES, ListenerVotes.class);
        var doubles = new SpareAppender.Doubles();
        return new ServerFactory() {
            @Override
            public RaftServerRpc newRaftServerRpc(RaftServer server) {
                return new Endpoint(server, calls, votes);
            }

            @Override
            public LogAppender newLogAppender(RaftServer.Division server, LeaderState state, FollowerInfo follower) {
                return doubles.isFirst(server, state, follower)
                        ? new SpareAppender(server, state, follower)
                        : new LogReplicator(server, state, follower);
            }

            @Override
            public RpcType getRpcType() {
                return PeerRpc.this;
            }
        };
    }

    /** One Ratis server's side of the conversation. */
    final class Endpoint implements RaftServerRpc {

        private final RaftServer server;
        private final PeerCalls calls;
        private final ListenerVotes votes;
        private final InOrder appends;

        private Endpoint(RaftServer server, PeerCalls calls, ListenerVotes votes) {
            this.server = server;
            this.calls = calls;
            this.votes = votes;
            this.appends = new InOrder(calls.threads());
        }

        // ---- asking others

        @Override
        public RequestVoteReplyProto requestVote(RequestVoteRequestProto request) throws IOException {
            return RequestVoteReplyProto.parseFrom(await(VOTE, request.getServerRequest(), request));
        }

        @Override
        public StartLeaderElectionReplyProto startLeaderElection(StartLeaderElectionRequestProto request)
                throws IOException {
            return StartLeaderElectionReplyProto.parseFrom(await(ELECT, request.getServerRequest(), request));
        }

        @Override
        public InstallSnapshotReplyProto installSnapshot(InstallSnapshotRequestProto request) throws IOException {
            return InstallSnapshotReplyProto.parseFrom(await(SNAPSHOT, request.getServerRequest(), request));
        }

        @Override
        public AppendEntriesReplyProto appendEntries(AppendEntriesRequestProto request) throws IOException {
            return AppendEntriesReplyProto.parseFrom(await(APPEND, request.getServerRequest(), request));
        }

        /** Sends entries or a heartbeat; the answer is an {@link AppendEntriesReplyProto}. */
        CompletableFuture<ByteBuffer> append(AppendEntriesRequestProto request) {
            return calls.call(target(request.getServerRequest()), APPEND, bytes(request));
        }

        private ByteBuffer await(String method, RaftRpcRequestProto head, MessageLite request) throws IOException {
            try {
                return calls.await(target(head), method, bytes(request), PATIENCE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException();
            } catch (RuntimeException refused) {
                throw new IOException(refused);
            }
        }

        private ByteBuffer bytes(MessageLite request) {
            return written(calls.newRequest(request.getSerializedSize()), request);
        }

        private static String target(RaftRpcRequestProto head) {
            return head.getReplyId().toStringUtf8();
        }

        // ---- answering others

        @Override
        public void start() {
            calls.answer(VOTE, (caller, request) -> asked(RequestVoteRequestProto.parseFrom(request)));
            calls.answer(
                    ELECT,
                    (caller, request) -> calls.later(() ->
                            answer(server.startLeaderElection(StartLeaderElectionRequestProto.parseFrom(request)))));
            calls.answer(SNAPSHOT, (caller, request) -> {
                var asked = InstallSnapshotRequestProto.parseFrom(request);
                return appends.run(() -> calls.later(() -> {
                    @Nullable InstallSnapshotReplyProto refusal = votes.refused(asked);
                    if (refusal != null) {
                        return answer(refusal);
                    }
                    IdleWatch.end(division(asked.getServerRequest()));
                    return answer(server.installSnapshot(asked));
                }));
            });
            calls.answer(APPEND, (caller, request) -> appended(AppendEntriesRequestProto.parseFrom(request)));
        }

        /** Who has no vote as Ratis sees it votes in turn with what it appends, since that may give it one. */
        private CompletableFuture<ByteBuffer> asked(RequestVoteRequestProto request) throws IOException {
            return ListenerVotes.areNeeded(division(request.getServerRequest()))
                    ? appends.run(() -> calls.later(() -> answer(voted(request))))
                    : calls.later(() -> answer(voted(request)));
        }

        private RequestVoteReplyProto voted(RequestVoteRequestProto request) throws IOException {
            RaftServer.Division peer = division(request.getServerRequest());
            if (ListenerVotes.areNeeded(peer)) {
                return votes.vote(peer, request);
            }
            @Nullable RequestVoteReplyProto refusal = votes.refused(peer, request);
            return refusal == null ? server.requestVote(request) : refusal;
        }

        /**
         * Entries are appended one request after the other, each on disk before the next: Ratis takes a repeated request for
         * done while the first is still being written, and would acknowledge what is not there yet. Heartbeats pass.
         */
        private CompletableFuture<ByteBuffer> appended(AppendEntriesRequestProto request) {
            return request.getEntriesCount() == 0
                    ? calls.later(() -> answer(heard(request)))
                    : appends.run(() -> appendHere(request));
        }

        private AppendEntriesReplyProto heard(AppendEntriesRequestProto heartbeat) throws IOException {
            @Nullable
            AppendEntriesReplyProto refusal = votes.refused(division(heartbeat.getServerRequest()), heartbeat);
            return refusal == null ? server.appendEntries(heartbeat) : refusal;
        }

        private CompletableFuture<ByteBuffer> appendHere(AppendEntriesRequestProto request) throws IOException {
            RaftServer.Division peer = division(request.getServerRequest());
            @Nullable AppendEntriesReplyProto refusal = votes.refused(peer, request);
            if (refusal != null) {
                return CompletableFuture.completedFuture(answer(refusal));
            }
            if (request.getEntriesList().stream().anyMatch(LogEntryProto::hasConfigurationEntry)) {
                IdleWatch.end(peer);
            }
            return server.appendEntriesAsync(request).thenApply(Endpoint::answer);
        }

        private RaftServer.Division division(RaftRpcRequestProto head) throws IOException {
            return server.getDivision(ProtoUtils.toRaftGroupId(head.getRaftGroupId()));
        }

        private static ByteBuffer answer(MessageLite reply) {
            return written(PeerFrames.answer(reply.getSerializedSize()), reply);
        }

        // ---- the rest of the interface

        @Override
        public void close() {}

        @Override
        public InetSocketAddress getInetSocketAddress() {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        }

        @Override
        public void addRaftPeers(Collection<RaftPeer> peers) {
            for (RaftPeer peer : peers) {
                calls.learn(peer.getId().toString(), requireNonNull(peer.getAddress(), "address"));
            }
        }

        @Override
        public void handleException(RaftPeerId peer, Exception failure, boolean reconnect) {}

        @Override
        public RpcType getRpcType() {
            return PeerRpc.this;
        }
    }

    /** Puts the message into the buffer's rest. */
    private static ByteBuffer written(ByteBuffer buffer, MessageLite message) {
        try {
            CodedOutputStream out = CodedOutputStream.newInstance(buffer.slice());
            message.writeTo(out);
            out.flush();
            return buffer.position(buffer.limit()).flip();
        } catch (IOException e) {
            throw new UncheckedIOException("memory does not fail", e);
        }
    }
}
