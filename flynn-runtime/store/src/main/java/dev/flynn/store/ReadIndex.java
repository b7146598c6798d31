package dev.flynn.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tells, on the leader, up to where a replica must have applied the log so that a read sees everything acknowledged before
 * it began: the commit index, once a majority of the voters has confirmed, after the read began, that it knows of no later
 * leader. Reads that come while a round is under way share the next.
 *
 * <p>Ratis has the same, but takes an older round's confirmation for a later read at the same index, and so a leader that was
 * replaced meanwhile would answer.
 */
final class ReadIndex {

    private static final String CONFIRM = "store/confirm";
    private static final long PATIENCE_MILLIS = 2000;

    private final RaftNode node;
    private final PeerCalls calls;
    private @Nullable CompletableFuture<Long> running;
    private @Nullable CompletableFuture<Long> next;

    ReadIndex(RaftNode node, PeerCalls calls) {
        this.node = node;
        this.calls = calls;
        calls.answer(CONFIRM, (caller, request) -> {
            long term = node.term();
            if (term != request.getLong()) {
                throw new IOException("the term is " + term);
            }
            return PeerCalls.done(PeerFrames.answer(0).flip());
        });
    }

    /** Fails with a {@link PeerRefusal} if this peer does not lead. */
    CompletableFuture<Long> get() {
        CompletableFuture<Long> mine;
        synchronized (this) {
            if (running != null) {
                if (next == null) {
                    next = new CompletableFuture<>();
                }
                return next;
            }
            mine = new CompletableFuture<>();
            running = mine;
        }
        begin(mine);
        return mine;
    }

    private void begin(CompletableFuture<Long> round) {
        round.whenComplete((index, failure) -> afterRound());
        try {
            confirm(round);
        } catch (IOException e) {
            round.completeExceptionally(e);
        }
    }

    private void confirm(CompletableFuture<Long> round) throws IOException {
        long term = node.term();
        if (!node.isReady()) {
            round.completeExceptionally(PeerRefusal.notLeader(node.leader().orElse("")));
            return;
        }
        long index = node.committedIndex();
        List<Set<String>> electorates = node.electorates();
        var confirmed = new HashSet<String>(Set.of(calls.self()));
        if (isMajority(confirmed, electorates)) {
            round.complete(index);
            return;
        }
        var unused = round.orTimeout(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        electorates.stream()
                .flatMap(Collection::stream)
                .distinct()
                .filter(voter -> !voter.equals(calls.self()))
                .forEach(voter -> ask(voter, term).thenAccept(answer -> {
                    synchronized (confirmed) {
                        confirmed.add(voter);
                        if (!isMajority(confirmed, electorates)) {
                            return;
                        }
                    }
                    round.complete(index);
                }));
    }

    private CompletableFuture<ByteBuffer> ask(String voter, long term) {
        return calls.call(voter, CONFIRM, calls.newRequest(8).putLong(term).flip());
    }

    private void afterRound() {
        CompletableFuture<Long> following;
        synchronized (this) {
            running = next;
            next = null;
            if (running == null) {
                return;
            }
            following = running;
        }
        // not on the thread that completed the round before: rounds would pile up on its stack
        calls.threads().execute(() -> begin(following));
    }

    /** Whether these are more than half of each electorate. */
    static boolean isMajority(Set<String> confirmed, List<Set<String>> electorates) {
        return electorates.stream()
                .allMatch(electorate ->
                        2 * electorate.stream().filter(confirmed::contains).count() > electorate.size());
    }
}
