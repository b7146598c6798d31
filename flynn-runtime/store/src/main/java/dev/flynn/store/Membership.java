package dev.flynn.store;

import dev.flynn.api.error.FlynnException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.exceptions.RaftException;
import org.apache.ratis.protocol.exceptions.ReconfigurationInProgressException;
import org.apache.ratis.protocol.exceptions.ReconfigurationTimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Changes who belongs to the group, while it runs. Each change may be asked for again: what has happened stays. */
final class Membership {

    private static final Logger log = LoggerFactory.getLogger(Membership.class);

    private static final String CHANGE = "store/members";
    private static final String BELONGS = "store/belongs";
    private static final Duration ASK_PATIENCE = Duration.ofMillis(500);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long STEP_PATIENCE_SECONDS = 15;
    private static final long MEET_PATIENCE_SECONDS = 5;

    /** A listener that is so many entries behind would hold up every change if it were a voter. */
    private static final long MAX_BEHIND = 1000;

    private final RaftSupervisor raft;
    private final LeaderRequests leader;
    private final PeerCalls calls;

    Membership(RaftSupervisor raft, LeaderRequests leader, PeerCalls calls) {
        this.raft = raft;
        this.leader = leader;
        this.calls = calls;
        calls.answer(BELONGS, (caller, request) -> PeerCalls.done(belongs(caller)));
        calls.answer(CHANGE, (caller, request) -> {
            byte[] bytes = new byte[request.remaining()];
            request.get(bytes);
            var change = MembershipChange.readFrom(new DataInputStream(new ByteArrayInputStream(bytes)));
            return calls.later(() -> {
                changeHere(raft.running(), change);
                return PeerFrames.answer(0).flip();
            });
        });
    }

    /** Whether the leader says that this peer belongs to the group no longer. */
    static boolean isRemoved(RaftNode node, PeerCalls calls) {
        try {
            for (StoreMember member : node.members()) {
                if (!member.id().equals(calls.self()) && saysRemoved(member.id(), calls)) {
                    return true;
                }
            }
        } catch (IOException unknown) {
            log.atDebug().setCause(unknown).log("nobody can say who belongs to the cluster store");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }

    private static boolean saysRemoved(String peer, PeerCalls calls) throws InterruptedException {
        try {
            return calls.await(peer, BELONGS, calls.newRequest(0).flip(), ASK_PATIENCE)
                            .getLong()
                    == 0;
        } catch (IOException | FlynnException noLeader) {
            return false;
        }
    }

    static FlynnException removed(String peer) {
        return FlynnException.conflict(
                "peer \"%s\" belongs to the cluster store no longer: it was removed; delete its data directory and add it again"
                        .formatted(peer));
    }

    private ByteBuffer belongs(String caller) throws IOException {
        RaftNode node = raft.running();
        if (!node.isReady()) {
            throw PeerRefusal.notLeader(node.leader().orElse(""));
        }
        boolean belongs = node.members().stream().anyMatch(member -> member.id().equals(caller));
        return PeerCalls.longAnswer(belongs ? 1 : 0);
    }

    void change(MembershipChange change) {
        leader.ask(
                new LeaderRequests.Request<Boolean>() {
                    @Override
                    public CompletableFuture<Boolean> here(RaftNode node) {
                        return calls.later(() -> {
                                    changeHere(node, change);
                                    return ByteBuffer.allocate(0);
                                })
                                .thenApply(done -> true);
                    }

                    @Override
                    public CompletableFuture<Boolean> there(PeerCalls peers, String peer) {
                        byte[] bytes = bytes(change);
                        return peers.call(
                                        peer,
                                        CHANGE,
                                        peers.newRequest(bytes.length)
                                                .put(bytes)
                                                .flip())
                                .thenApply(done -> true);
                    }
                },
                PATIENCE);
    }

    private synchronized void changeHere(RaftNode node, MembershipChange change)
            throws IOException, InterruptedException {
        if (!node.isReady()) {
            throw PeerRefusal.notLeader(node.leader().orElse(""));
        }
        List<StoreMember> before = node.members();
        List<StoreMember> after = change.applyTo(before);
        if (after.equals(before)) {
            return;
        }
        if (change.endsVoting() && change.peer().equals(calls.self())) {
            handOver(node, after);
            throw PeerRefusal.notLeader(node.leader().orElse(""));
        }
        if (change.kind() == MembershipChange.Kind.PROMOTE) {
            requireUpToDate(node, change.peer());
            requireAnswer(change);
        }
        if (change.kind() == MembershipChange.Kind.ADD_LISTENER) {
            meet(change);
        }
        set(node, change, before, after);
        long voters = after.stream().filter(StoreMember::isVoter).count();
        log.atInfo()
                .addKeyValue("change", change.kind())
                .addKeyValue("peer", change.peer())
                .addKeyValue("voters", voters)
                .log("members of the cluster store changed");
        if (voters % 2 == 0) {
            log.atWarn()
                    .addKeyValue("voters", voters)
                    .log("an even number of voters survives no more failures than one less; promote or demote another");
        }
    }

    private void set(RaftNode node, MembershipChange change, List<StoreMember> before, List<StoreMember> after)
            throws IOException, InterruptedException {
        List<StoreMember> located = after.stream()
                .map(member -> {
                    String address = calls.addressOf(member.id());
                    return address.isEmpty() ? member : new StoreMember(member.id(), address, member.role());
                })
                .toList();
        @Nullable Throwable failure;
        try {
            failure = await(node.setMembers(before, located)).getException();
        } catch (RaftException e) {
            failure = e;
        }
        if (failure instanceof ReconfigurationTimeoutException) {
            throw notAdded(change, failure);
        }
        if (failure != null) {
            throw new PeerRefusal(PeerRefusal.Kind.FAILED, String.valueOf(failure));
        }
    }

    /** A peer of another cluster, or one that does not answer, is not added. */
    private void meet(MembershipChange change) throws InterruptedException {
        calls.learn(change.peer(), change.address());
        if (change.peer().equals(calls.self())) {
            return; // it only says where it is now
        }
        try {
            calls.introduce(change.peer()).get(MEET_PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            if (PeerCalls.cause(e) instanceof FlynnException told) {
                throw told;
            }
            throw notAdded(change, e);
        }
    }

    private static FlynnException notAdded(MembershipChange change, Throwable cause) {
        return FlynnException.unavailable(
                "peer \"%s\" was not added to the cluster store: it does not answer at %s, or does not keep up; see its log and add it again"
                        .formatted(change.peer(), change.address()),
                cause);
    }

    /** Whoever is to be demoted or removed does not lead. */
    private static void handOver(RaftNode node, List<StoreMember> after) throws IOException, InterruptedException {
        for (StoreMember member : after) {
            if (member.isVoter() && await(node.handOver(member.id())).isSuccess()) {
                return;
            }
        }
        throw new PeerRefusal(PeerRefusal.Kind.FAILED, "no other voter took over the lead");
    }

    private static void requireUpToDate(RaftNode node, String peer) throws IOException {
        long behind = node.committedIndex() - node.committedIndexOf(peer);
        if (behind > MAX_BEHIND) {
            throw FlynnException.unavailable(
                    "peer \"%s\" is not promoted yet: it is %d changes behind; promote it again when it has caught up"
                            .formatted(peer, behind),
                    null);
        }
    }

    /** Who does not answer would be counted all the same: with one other voter, nothing could be written any more. */
    private void requireAnswer(MembershipChange change) throws InterruptedException {
        try {
            calls.ping(change.peer()).get(MEET_PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw FlynnException.unavailable(
                    "peer \"%s\" is not promoted: it does not answer; promote it again when it does"
                            .formatted(change.peer()),
                    e);
        }
    }

    private static RaftClientReply await(CompletableFuture<RaftClientReply> reply)
            throws IOException, InterruptedException {
        try {
            return reply.get(STEP_PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            Throwable cause = PeerCalls.cause(e);
            if (cause instanceof ReconfigurationInProgressException) {
                throw new PeerRefusal(PeerRefusal.Kind.FAILED, "another change of members is under way");
            }
            throw PeerCalls.asIoException(cause);
        } catch (TimeoutException e) {
            throw new IOException("the members were not changed in " + STEP_PATIENCE_SECONDS + " s", e);
        }
    }

    private static byte[] bytes(MembershipChange change) {
        var bytes = new ByteArrayOutputStream();
        try {
            change.writeTo(new DataOutputStream(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException("memory does not fail", e);
        }
        return bytes.toByteArray();
    }
}
