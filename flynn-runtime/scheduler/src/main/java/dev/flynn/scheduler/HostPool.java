package dev.flynn.scheduler;

import static java.util.Comparator.comparing;
import static java.util.Comparator.comparingInt;

import dev.flynn.spi.scheduler.ClusterSnapshot.HostView;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Hosts that may run the same jobs, sorted by how many they have already. */
final class HostPool {

    private final TreeSet<Node> byLoad = new TreeSet<>(Node.BY_LOAD);

    /** Must be called while the node's load is what it was when it was added. */
    boolean remove(Node node) {
        return byLoad.remove(node);
    }

    void add(Node node) {
        byLoad.add(node);
    }

    /** Least loaded first; valid until a load changes. */
    Iterator<Node> leastLoadedFirst() {
        return byLoad.iterator();
    }

    List<Node> byId() {
        return byLoad.stream().sorted(comparing(Node::id)).toList();
    }

    /** A host and its jobs so far. */
    static final class Node {

        static final Comparator<Node> BY_LOAD = comparingInt(Node::load).thenComparing(Node::id);

        private final HostView host;
        private int load;

        Node(HostView host) {
            this.host = host;
        }

        String id() {
            return host.id();
        }

        int load() {
            return load;
        }

        void addLoad() {
            load++;
        }

        boolean has(Map<String, String> tags) {
            return host.tags().entrySet().containsAll(tags.entrySet());
        }
    }
}
