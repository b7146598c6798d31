package dev.flynn.scheduler;

import static java.util.Comparator.comparing;

import dev.flynn.api.host.Capacity;
import java.util.Comparator;
import java.util.Iterator;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Each job goes to the host in use that has the least room left, if that is enough for it; if none has, to an empty one.
 *
 * <p>Room is counted as if a job that reserves nothing took some. That bounds nothing: when all hosts are full by this count
 * such jobs go to those that are the least so, one each, and around again.
 */
final class PackChoice implements Strategy.Choice {

    /** What a job that reserves nothing is taken for. */
    private static final Capacity MODEST = new Capacity(200L << 20, 25);

    /** Those in use come first, so that the others stay empty. */
    static final Comparator<Node> ORDER = comparing((Node node) -> node.jobs() == 0)
            .thenComparingLong(PackChoice::memoryRoom)
            .thenComparingLong(PackChoice::cpuRoom)
            .thenComparing(Node::id);

    private final HostPool pool;
    private final Places places;
    private final Capacity reserved;
    private final Capacity footprint;
    private final Iterator<Node> fullestFirst;
    private @Nullable Node current;

    /** Present when all are full. */
    private @Nullable Iterator<Node> around;

    PackChoice(HostPool pool, Places places, Capacity reserved) {
        this.pool = pool;
        this.places = places;
        this.reserved = reserved;
        this.footprint = reserved.isNone() ? MODEST : reserved;
        this.fullestFirst = pool.ascending();
    }

    @Override
    public Optional<Node> next() {
        Node best = fullestWithRoom();
        if (best == null) {
            best = nextAround();
        }
        if (best == null) {
            return Optional.empty();
        }
        best.promise();
        places.take(best.host());
        return Optional.of(best);
    }

    /** The host of the job before remains the fullest until it is full; those that were passed over stay without room. */
    private @Nullable Node fullestWithRoom() {
        while (around == null) {
            if (current != null && hasRoom(current) && takesOneMore(current)) {
                return current;
            }
            if (!fullestFirst.hasNext()) {
                return null;
            }
            current = fullestFirst.next();
        }
        return null;
    }

    private @Nullable Node nextAround() {
        for (int rounds = 0; rounds < 2; rounds++) {
            if (around == null || !around.hasNext()) {
                around = pool.descending();
            }
            while (around.hasNext()) {
                Node node = around.next();
                if (takesOneMore(node)) {
                    return node;
                }
            }
        }
        return null;
    }

    private boolean hasRoom(Node node) {
        long more = node.promised() + 1L;
        return footprint.memoryBytes() <= memoryRoom(node) / more && footprint.milliCpus() <= cpuRoom(node) / more;
    }

    private boolean takesOneMore(Node node) {
        return node.hasRoomFor(reserved) && places.allow(node.host());
    }

    private static long memoryRoom(Node node) {
        return room(node.memoryLeft(), node.unreserved() * MODEST.memoryBytes());
    }

    private static long cpuRoom(Node node) {
        return room(node.cpuLeft(), node.unreserved() * MODEST.milliCpus());
    }

    private static long room(long left, long taken) {
        return left == Long.MAX_VALUE ? left : left - taken;
    }
}
