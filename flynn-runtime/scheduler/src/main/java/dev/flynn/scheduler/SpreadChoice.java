package dev.flynn.scheduler;

import static java.util.Comparator.comparingInt;

import dev.flynn.api.host.Capacity;
import java.util.Comparator;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/** Each job goes to the host that has the fewest of its kind, among those to the one with the fewest jobs in all. */
final class SpreadChoice implements Strategy.Choice {

    static final Comparator<Node> ORDER = comparingInt(Node::jobs).thenComparing(Node::id);

    private final Map<String, Integer> before;
    private final Places places;
    private final Capacity reserved;
    private final Iterator<Node> all;

    /** Hosts that have jobs of the type, filled from {@link #all} as far as that was read. */
    private final PriorityQueue<Candidate> used = new PriorityQueue<>(Candidate.BEST_FIRST);

    /** A host, its jobs of this type, and its jobs in all. */
    private record Candidate(Node node, int sameType, int load) {

        static final Comparator<Candidate> BEST_FIRST = comparingInt(Candidate::sameType)
                .thenComparingInt(Candidate::load)
                .thenComparing(candidate -> candidate.node().id());

        Candidate withOneMore() {
            return new Candidate(node, sameType + 1, load + 1);
        }
    }

    SpreadChoice(HostPool pool, Map<String, Integer> before, Places places, Capacity reserved) {
        this.before = before;
        this.places = places;
        this.reserved = reserved;
        this.all = pool.ascending();
    }

    @Override
    public Optional<Node> next() {
        Candidate best = nextUnused();
        if (best == null) {
            best = nextUsed();
        }
        if (best == null) {
            return Optional.empty();
        }
        best.node().promise();
        places.take(best.node().host());
        used.add(best.withOneMore());
        return Optional.of(best.node());
    }

    private @Nullable Candidate nextUnused() {
        while (all.hasNext()) {
            Node node = all.next();
            int sameType = before.getOrDefault(node.id(), 0);
            var candidate = new Candidate(node, sameType, node.jobs());
            if (sameType > 0) {
                used.add(candidate);
            } else if (takesOneMore(node)) {
                return candidate;
            }
        }
        return null;
    }

    /** A host that is full, or whose place is taken, stays so. */
    private @Nullable Candidate nextUsed() {
        Candidate best = used.poll();
        while (best != null && !takesOneMore(best.node())) {
            best = used.poll();
        }
        return best;
    }

    private boolean takesOneMore(Node node) {
        return node.hasRoomFor(reserved) && places.allow(node.host());
    }
}
