package dev.flynn.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Finds out which voters answer, once nothing else does. */
final class Quorum {

    private static final long PATIENCE_MILLIS = 500;

    private Quorum() {}

    /** What to tell if too few voters answer for a change; nothing if it is not that. */
    static Optional<String> missing(RaftNode node, PeerCalls calls) {
        List<Set<String>> electorates;
        try {
            electorates = node.electorates();
        } catch (IOException notYet) {
            return Optional.empty();
        }
        Set<String> voters =
                electorates.stream().flatMap(Collection::stream).collect(Collectors.toCollection(TreeSet::new));
        Set<String> answering = answering(voters, calls);
        if (voters.isEmpty()) {
            return Optional.of(
                    "no quorum: peer \"%s\" has not heard from any voter of its cluster yet; stale reads go on"
                            .formatted(calls.self()));
        }
        if (ReadIndex.isMajority(answering, electorates)) {
            return Optional.empty();
        }
        var silent = new ArrayList<>(voters);
        silent.removeAll(answering);
        return Optional.of(
                "no quorum: of the voters of the cluster store only %s answer%s, %s %s not; %d of %d are needed; stale reads go on, and so does the rest once they are back"
                        .formatted(
                                answering.isEmpty() ? "none" : String.join(", ", answering),
                                answering.size() == 1 ? "s" : "",
                                String.join(", ", silent),
                                silent.size() == 1 ? "does" : "do",
                                voters.size() / 2 + 1,
                                voters.size()));
    }

    private static Set<String> answering(Set<String> voters, PeerCalls calls) {
        Map<String, CompletableFuture<?>> pings = new TreeMap<>();
        var answering = new TreeSet<String>();
        for (String voter : voters) {
            if (voter.equals(calls.self())) {
                answering.add(voter);
            } else {
                pings.put(voter, calls.ping(voter));
            }
        }
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
        pings.forEach((voter, ping) -> {
            if (answers(ping, deadline)) {
                answering.add(voter);
            }
        });
        return answering;
    }

    private static boolean answers(CompletableFuture<?> ping, long deadline) {
        try {
            ping.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (Exception silent) {
            return false;
        }
    }
}
