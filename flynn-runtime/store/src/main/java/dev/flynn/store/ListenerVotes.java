package dev.flynn.store;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotReplyProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotResult;
import org.apache.ratis.proto.RaftProtos.RaftRpcReplyProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;

/**
 * The votes of a peer while it takes itself for a listener, or has started again before it heard of the end of its promotion.
 *
 * <p>Whoever promotes a listener counts its vote from the moment it has written that down; the listener hears of it later. If
 * the promoter ends in between, and there is no majority without the listener, somebody can lead again only with its vote. In
 * Raft everybody votes who is asked, whatever it knows of the members (§6 of Ongaro's and Ousterhout's paper); Ratis (3.3.0) has
 * listeners refuse, and those who start again in the middle of their promotion. So they vote here: once in a term, for nobody
 * who knows less, on disk before they say so, and never again for what is of an earlier term.
 */
final class ListenerVotes {

    private static final String NAME = "listener-vote";
    private static final String TERM = "term";
    private static final String CANDIDATE = "candidate";

    /** Who has heard of a leader within this time helps nobody else to become one, as Ratis' voters do. */
    private static final long LEADER_NANOS = TimeUnit.MILLISECONDS.toNanos(600);

    /** @param term 0 if there was no vote yet */
    record Vote(long term, String candidate) {

        /** Whether this one, given already, forbids to help a candidate in a term. */
        boolean forbids(String other, long otherTerm) {
            return otherTerm < term || (otherTerm == term && !other.equals(candidate));
        }
    }

    private final Path file;
    private volatile Vote last;

    // guarded by this
    private @Nullable String leader;
    private long heardNanos;

    private ListenerVotes(Path file, Vote last) {
        this.file = file;
        this.last = last;
    }

    /** The votes given so far by the peer that keeps its data there. */
    static ListenerVotes open(Path directory) throws IOException {
        Path file = directory.resolve(NAME);
        var known = new Properties();
        try {
            known.load(new StringReader(Files.readString(file)));
        } catch (NoSuchFileException none) {
            return new ListenerVotes(file, new Vote(0, ""));
        }
        try {
            return new ListenerVotes(
                    file, new Vote(Long.parseLong(known.getProperty(TERM, "")), known.getProperty(CANDIDATE, "")));
        } catch (NumberFormatException e) {
            throw FlynnException.internal(
                    "%s is damaged, it names no term; a peer that does not know its votes must not go on: delete the directory and join again"
                            .formatted(file),
                    e);
        }
    }

    /**
     * Whether Ratis refuses to vote, whoever asks, until it hears of a leader; and does not stand for election itself, which
     * would be a vote that is not known here. A peer that has no role yet is still reading its log, and knows neither its last
     * entry nor who belongs to the group.
     */
    static boolean areNeeded(RaftServer.Division peer) {
        DivisionInfo info = peer.getInfo();
        boolean waits = info.isFollower() && info.getLifeCycleState() == LifeCycle.State.STARTING;
        return info.isListener() || (waits && isBeingPromoted(peer));
    }

    private static boolean isBeingPromoted(RaftServer.Division peer) {
        RaftConfiguration members = peer.getRaftConf();
        return !members.getPreviousPeers().isEmpty()
                && isAmong(members.getCurrentPeers(), peer)
                && !isAmong(members.getPreviousPeers(), peer);
    }

    private static boolean isAmong(Collection<RaftPeer> voters, RaftServer.Division peer) {
        return voters.stream().anyMatch(voter -> voter.getId().equals(peer.getId()));
    }

    /** The latest term of a vote, 0 if there was none. */
    long term() {
        return last.term();
    }

    /** What a voter answers whom a vote of its time as a listener binds; null if none does. */
    @Nullable
    RequestVoteReplyProto refused(RaftServer.Division peer, RequestVoteRequestProto request) {
        Vote vote = last;
        boolean bound = !request.getPreVote()
                && vote.forbids(candidate(request.getServerRequest()), request.getCandidateTerm());
        return bound ? reply(peer, request, false) : null;
    }

    /** What a leader of a term is answered that this peer has helped to end; null for any other leader. */
    @Nullable
    AppendEntriesReplyProto refused(RaftServer.Division peer, AppendEntriesRequestProto request) {
        RaftRpcRequestProto head = request.getServerRequest();
        if (request.getLeaderTerm() >= last.term()) {
            synchronized (this) {
                leader = candidate(head);
                heardNanos = System.nanoTime();
            }
            return null;
        }
        return AppendEntriesReplyProto.newBuilder()
                .setServerReply(head(head, false))
                .setTerm(last.term())
                .setNextIndex(peer.getRaftLog().getNextIndex())
                .setMatchIndex(-1)
                .setFollowerCommit(peer.getRaftLog().getLastCommittedIndex())
                .setResult(AppendResult.NOT_LEADER)
                .setIsHearbeat(request.getEntriesCount() == 0)
                .build();
    }

    /** The same for a leader that would have a snapshot fetched. */
    @Nullable
    InstallSnapshotReplyProto refused(InstallSnapshotRequestProto request) {
        return request.getLeaderTerm() >= last.term()
                ? null
                : InstallSnapshotReplyProto.newBuilder()
                        .setServerReply(head(request.getServerRequest(), false))
                        .setTerm(last.term())
                        .setResult(InstallSnapshotResult.NOT_LEADER)
                        .build();
    }

    /** What is answered where {@link #areNeeded} says so; what it promises is on disk when this returns. */
    synchronized RequestVoteReplyProto vote(RaftServer.Division listener, RequestVoteRequestProto request)
            throws IOException {
        boolean granted = isWanted(listener, request);
        if (granted && !request.getPreVote()) {
            var vote = new Vote(request.getCandidateTerm(), candidate(request.getServerRequest()));
            if (!vote.equals(last)) {
                DataDirectory.replaceFile(
                        file, "%s=%d\n%s=%s\n".formatted(TERM, vote.term(), CANDIDATE, vote.candidate()));
                last = vote;
            }
        }
        return reply(listener, request, granted);
    }

    private boolean isWanted(RaftServer.Division listener, RequestVoteRequestProto request) {
        String candidate = candidate(request.getServerRequest());
        if (lastEntry(listener).compareTo(TermIndex.valueOf(request.getCandidateLastEntry())) > 0) {
            return false;
        }
        if (request.getPreVote()) {
            boolean hasLeader = leader != null && System.nanoTime() - heardNanos < LEADER_NANOS;
            return !hasLeader || candidate.equals(leader);
        }
        // in the term that Ratis is in, it may have voted itself, before it was a listener
        return request.getCandidateTerm() > listener.getInfo().getCurrentTerm()
                && !last.forbids(candidate, request.getCandidateTerm());
    }

    private static TermIndex lastEntry(RaftServer.Division peer) {
        @Nullable TermIndex inLog = peer.getRaftLog().getLastEntryTermIndex();
        @Nullable TermIndex applied = peer.getStateMachine().getLastAppliedTermIndex();
        TermIndex known = applied == null ? TermIndex.INITIAL_VALUE : applied;
        return inLog == null || inLog.compareTo(known) < 0 ? known : inLog;
    }

    private RequestVoteReplyProto reply(RaftServer.Division peer, RequestVoteRequestProto request, boolean granted) {
        return RequestVoteReplyProto.newBuilder()
                .setServerReply(head(request.getServerRequest(), granted))
                .setTerm(Math.max(peer.getInfo().getCurrentTerm(), last.term()))
                .setLastEntry(lastEntry(peer).toProto())
                .build();
    }

    private static RaftRpcReplyProto head(RaftRpcRequestProto request, boolean success) {
        return RaftRpcReplyProto.newBuilder()
                .setRequestorId(request.getRequestorId())
                .setReplyId(request.getReplyId())
                .setRaftGroupId(request.getRaftGroupId())
                .setCallId(request.getCallId())
                .setSuccess(success)
                .build();
    }

    private static String candidate(RaftRpcRequestProto head) {
        return head.getRequestorId().toStringUtf8();
    }
}
