package dev.flynn.scheduler;

import static java.util.Comparator.comparing;

import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Hosts that may run the same jobs, in the order of a strategy. */
final class HostPool {

    private final NavigableSet<Node> sorted;
    private @Nullable List<Node> byId;

    HostPool(Comparator<Node> order) {
        this.sorted = new TreeSet<>(order);
    }

    /** Must be called while the node is as it was when it was added. */
    boolean remove(Node node) {
        return sorted.remove(node);
    }

    void add(Node node) {
        sorted.add(node);
    }

    /** Valid until a host of it changes, as are the others. */
    Iterator<Node> ascending() {
        return sorted.iterator();
    }

    Iterator<Node> descending() {
        return sorted.descendingIterator();
    }

    Collection<Node> nodes() {
        return sorted;
    }

    List<Node> byId() {
        if (byId == null) {
            byId = sorted.stream().sorted(comparing(Node::id)).toList();
        }
        return byId;
    }
}
