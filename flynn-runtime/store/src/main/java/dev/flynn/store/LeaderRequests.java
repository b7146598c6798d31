package dev.flynn.store;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Transaction;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.ratis.protocol.RaftClientReply;
import org.jspecify.annotations.Nullable;

/**
 * Takes requests to whoever leads, this peer or another, again and again until one answers or patience is at its end. That a
 * change is asked for more than once does no harm, since its transaction has an id.
 */
final class LeaderRequests {

    private static final String COMMIT = "store/commit";
    private static final String READ_INDEX = "store/read-index";
    private static final String HAS_ROOM = "store/has-room";

    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    /** After this an answer from elsewhere is taken for lost. */
    private static final long ANSWER_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long OWN_COPY_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** How long a leader may take that is perhaps none any more, when there is no time left. */
    private static final long LAST_PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    /** How often a request that waits looks whether it still waits for the right peer. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final RaftSupervisor raft;
    private final DiskRoom disk;
    private final @Nullable PeerCalls calls;
    private final Duration patience;
    /** When, by {@link System#nanoTime}, requests stop to wait for somebody to lead; null while nobody is in a hurry. */
    private volatile @Nullable Long leaderlessUntil;

    /** @param calls null if there are no other peers */
    LeaderRequests(RaftSupervisor raft, DiskRoom disk, @Nullable PeerCalls calls, Duration patience) {
        this.raft = raft;
        this.disk = disk;
        this.calls = calls;
        this.patience = patience;
        if (calls != null) {
            calls.answer(HAS_ROOM, (caller, request) -> PeerCalls.done(PeerCalls.longAnswer(disk.isEnough() ? 1 : 0)));
            calls.answer(COMMIT, (caller, request) -> committed(request));
            calls.answer(
                    READ_INDEX, (caller, request) -> raft.running().readIndex().thenApply(PeerCalls::longAnswer));
        }
    }

    /**
     * Commits, and waits a moment until this replica has it too: what a host has written it reads, even stale.
     */
    CommitResult commit(Transaction transaction) {
        StoreCodec.requireFits(transaction);
        Committed committed = ask(new Request<Committed>() {
            @Override
            public CompletableFuture<Committed> here(RaftNode node) {
                return commitHere(node, transaction);
            }

            @Override
            public CompletableFuture<Committed> there(PeerCalls peers, String leader) {
                byte[] bytes = StoreCodec.encode(new Command(0, transaction));
                ByteBuffer request = peers.newRequest(bytes.length).put(bytes).flip();
                return peers.call(leader, COMMIT, request)
                        .thenApply(answer -> new Committed(answer.getLong(), StoreCodec.decodeResult(answer)));
            }
        });
        awaitOwnCopy(committed.index());
        return committed.result();
    }

    /** @param index of the log entry, perhaps a later repetition's */
    private record Committed(long index, CommitResult result) {}

    private void awaitOwnCopy(long index) {
        try {
            boolean unusedHasIt = raft.running().applied().await(index, OWN_COPY_PATIENCE_NANOS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (FlynnException notRunning) {
            // committed it is all the same
        }
    }

    private CompletableFuture<Committed> commitHere(RaftNode node, Transaction transaction) {
        if (disk.isEnough()) {
            return node.write(transaction).thenCompose(LeaderRequests::resultOf);
        }
        return calls == null ? refused(disk) : stepAside(node, calls);
    }

    /** A leader without room lets another voter lead that has some. */
    private CompletableFuture<Committed> stepAside(RaftNode node, PeerCalls peers) {
        List<String> others;
        try {
            others = node.members().stream()
                    .filter(member -> member.isVoter() && !member.id().equals(peers.self()))
                    .map(StoreMember::id)
                    .toList();
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
        CompletableFuture<Boolean> handedOver = CompletableFuture.completedFuture(false);
        for (String other : others) {
            handedOver = handedOver.thenCompose(done -> done
                    ? CompletableFuture.completedFuture(true)
                    : peers.call(other, HAS_ROOM, peers.newRequest(0).flip())
                            .orTimeout(ANSWER_PATIENCE_NANOS, TimeUnit.NANOSECONDS)
                            .thenCompose(answer -> answer.getLong() == 1
                                    ? node.handOver(other).thenApply(RaftClientReply::isSuccess)
                                    : CompletableFuture.completedFuture(false))
                            .exceptionally(unreachable -> false));
        }
        return handedOver.thenCompose(
                done -> done ? CompletableFuture.failedFuture(PeerRefusal.notLeader("")) : refused(disk));
    }

    private static <T> CompletableFuture<T> refused(DiskRoom disk) {
        try {
            disk.require();
            return CompletableFuture.failedFuture(new PeerRefusal(PeerRefusal.Kind.FAILED, "there was no room"));
        } catch (FlynnException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static CompletableFuture<Committed> resultOf(RaftClientReply reply) {
        return reply.isSuccess()
                ? CompletableFuture.completedFuture(new Committed(
                        reply.getLogIndex(),
                        StoreCodec.decodeResult(reply.getMessage().getContent().asReadOnlyByteBuffer())))
                : CompletableFuture.failedFuture(
                        new PeerRefusal(PeerRefusal.Kind.FAILED, String.valueOf(reply.getException())));
    }

    private CompletableFuture<ByteBuffer> committed(ByteBuffer request) throws PeerRefusal {
        RaftNode node = raft.running();
        if (!node.isReady()) {
            throw PeerRefusal.notLeader(node.leader().orElse(""));
        }
        Transaction transaction = StoreCodec.decodeCommand(request).transaction();
        return commitHere(node, transaction).thenApply(committed -> {
            byte[] bytes = StoreCodec.encode(committed.result());
            return PeerFrames.answer(8 + bytes.length)
                    .putLong(committed.index())
                    .put(bytes)
                    .flip();
        });
    }

    /** Reads the local state once it has everything that was acknowledged before this was called. */
    <T> T read(Supplier<T> state) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            long index = ask(new Request<Long>() {
                @Override
                public CompletableFuture<Long> here(RaftNode node) {
                    return node.readIndex();
                }

                @Override
                public CompletableFuture<Long> there(PeerCalls peers, String leader) {
                    return peers.call(leader, READ_INDEX, peers.newRequest(0).flip())
                            .thenApply(ByteBuffer::getLong);
                }
            });
            RaftNode node = raft.running();
            if (!awaitApplied(node, index, deadline)) {
                throw unanswered(null);
            }
            T read = state.get();
            if (node == raft.running() && node.applied().get() >= index) {
                return read; // the state was not begun anew meanwhile
            }
        }
    }

    private static boolean awaitApplied(RaftNode node, long index, long deadline) {
        try {
            return node.applied().await(index, deadline - System.nanoTime());
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Something that only the leader can do. */
    interface Request<T> {

        CompletableFuture<T> here(RaftNode node);

        CompletableFuture<T> there(PeerCalls peers, String leader);
    }

    private <T> T ask(Request<T> request) {
        return ask(request, patience);
    }

    <T> T ask(Request<T> request, Duration howLong) {
        long deadline = System.nanoTime() + (isTooLateToWait() ? LAST_PATIENCE_NANOS : howLong.toNanos());
        @Nullable Throwable refusal = null;
        try {
            while (true) {
                RaftNode node = raft.running();
                Optional<String> leader = node.leader();
                @Nullable CompletableFuture<T> attempt = attempt(request, node, leader);
                if (attempt != null) {
                    try {
                        return await(attempt, node, leader, deadline);
                    } catch (IOException e) {
                        refusal = e;
                    }
                }
                raft.running();
                long left = deadline - System.nanoTime();
                if (leader.isEmpty() && isTooLateToWait()) {
                    throw FlynnException.unavailable(
                            "no quorum, and this host ends: what was asked for was not done", refusal);
                }
                if (left <= 0) {
                    throw unanswered(refusal);
                }
                node.awaitProgress(Math.min(left, RETRY_NANOS));
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** From then on nothing is waited for while nobody leads: who ends cannot wait for others to come back. */
    void waitForLeaderAtMost(Duration howLong) {
        leaderlessUntil = System.nanoTime() + howLong.toNanos();
    }

    private boolean isTooLateToWait() {
        Long until = leaderlessUntil;
        return until != null && System.nanoTime() - until > 0;
    }

    private <T> @Nullable CompletableFuture<T> attempt(Request<T> request, RaftNode node, Optional<String> leader) {
        if (node.isReady()) {
            return request.here(node);
        }
        if (calls != null && leader.isPresent() && !leader.get().equals(calls.self())) {
            return request.there(calls, leader.get());
        }
        return null;
    }

    /** Waits as long as it is the same peer that leads. */
    private static <T> T await(CompletableFuture<T> attempt, RaftNode node, Optional<String> leader, long deadline)
            throws IOException, InterruptedException {
        boolean isElsewhere = !node.isReady();
        long end = isElsewhere ? Math.min(deadline, System.nanoTime() + ANSWER_PATIENCE_NANOS) : deadline;
        while (true) {
            long left = end - System.nanoTime();
            try {
                return attempt.get(Math.max(0, Math.min(left, LOOK_NANOS)), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                if (left <= LOOK_NANOS) {
                    throw new IOException("no answer in time", e);
                }
                if (!node.leader().equals(leader)) {
                    throw new IOException("another peer leads now", e);
                }
            } catch (ExecutionException e) {
                throw PeerCalls.asIoException(e);
            }
        }
    }

    private FlynnException unanswered(@Nullable Throwable cause) {
        if (calls != null) {
            RaftNode node = raft.running();
            Optional<String> missing = Quorum.missing(node, calls);
            if (missing.isPresent()) {
                return FlynnException.unavailable(missing.get(), cause);
            }
            if (Membership.isRemoved(node, calls)) {
                return Membership.removed(calls.self());
            }
        }
        return FlynnException.unavailable(
                "the cluster store did not answer in %d s; what was asked for may or may not have happened, ask again"
                        .formatted(patience.toSeconds()),
                cause);
    }

    private static FlynnException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return FlynnException.unavailable(
                "interrupted while waiting for the cluster store; what was asked for may or may not have happened", e);
    }
}
