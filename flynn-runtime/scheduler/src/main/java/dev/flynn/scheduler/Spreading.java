package dev.flynn.scheduler;

import static java.util.Comparator.comparingInt;

import dev.flynn.scheduler.HostPool.Node;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;

/** Chooses hosts for the jobs of one type, one after another. */
final class Spreading {

    private final Map<String, Integer> before;
    private final Iterator<Node> all;

    /** Hosts that have jobs of the type, filled from {@link #all} as far as that was read. */
    private final PriorityQueue<Candidate> used = new PriorityQueue<>(Candidate.BEST_FIRST);

    private final List<String> chosen = new ArrayList<>();

    /** A host, its jobs of this type, and its jobs in all. */
    private record Candidate(Node node, int sameType, int load) {

        static final Comparator<Candidate> BEST_FIRST = comparingInt(Candidate::sameType)
                .thenComparingInt(Candidate::load)
                .thenComparing(candidate -> candidate.node().id());

        Candidate withOneMore() {
            return new Candidate(node, sameType + 1, load + 1);
        }
    }

    /** @param before how many jobs of the type each host has; a host without any need not be there */
    Spreading(HostPool pool, Map<String, Integer> before) {
        this.before = before;
        this.all = pool.leastLoadedFirst();
    }

    Optional<Node> next() {
        return nextUnused().or(() -> Optional.ofNullable(used.poll())).map(best -> {
            used.add(best.withOneMore());
            chosen.add(best.node().id());
            return best.node();
        });
    }

    /** One host id per job. */
    List<String> chosen() {
        return chosen;
    }

    private Optional<Candidate> nextUnused() {
        while (all.hasNext()) {
            Node node = all.next();
            int sameType = before.getOrDefault(node.id(), 0);
            var candidate = new Candidate(node, sameType, node.load());
            if (sameType == 0) {
                return Optional.of(candidate);
            }
            used.add(candidate);
        }
        return Optional.empty();
    }
}
