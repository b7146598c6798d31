package dev.flynn.scheduler;

import dev.flynn.api.host.Capacity;
import dev.flynn.spi.scheduler.ClusterSnapshot.HostView;
import dev.flynn.spi.scheduler.ClusterSnapshot.JobView;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The hosts of a snapshot: which of them take new jobs, what these have left, and which may run what. */
final class Hosts {

    private final Map<String, HostView> all = new HashMap<>();
    private final Map<String, Node> nodes = new HashMap<>();
    private final Comparator<Node> order;

    /** The hosts that have these tags; made when first asked for, because most clusters know few sets of tags. */
    private final Map<Map<String, String>, HostPool> pools = new HashMap<>();

    /** @param order of the hosts in a pool */
    Hosts(List<HostView> hosts, Comparator<Node> order) {
        this.order = order;
        for (HostView host : hosts) {
            all.put(host.id(), host);
            if (host.schedulable()) {
                nodes.put(host.id(), new Node(host));
            }
        }
    }

    /** Counts a job that the snapshot tells of. Only before pools are asked for. */
    void count(JobView job, boolean stays) {
        Node node = nodes.get(job.hostId());
        if (node != null) {
            node.count(job.reserved(), stays);
        }
    }

    /** The host, if it takes new jobs of such a type. */
    Optional<Node> find(String hostId, Map<String, String> tags) {
        return Optional.ofNullable(nodes.get(hostId)).filter(node -> node.has(tags));
    }

    /** Whatever the host takes. */
    @Nullable
    HostView view(String hostId) {
        return all.get(hostId);
    }

    HostPool thatMayRun(Map<String, String> tags) {
        return pools.computeIfAbsent(tags, this::newPool);
    }

    /** So many more jobs are on the host, each with what it reserves. */
    void add(Node node, Capacity reserved, int jobs) {
        List<HostPool> sorted = new ArrayList<>();
        for (HostPool pool : pools.values()) {
            if (pool.remove(node)) {
                sorted.add(pool);
            }
        }
        for (int i = 0; i < jobs; i++) {
            node.count(reserved, true);
        }
        sorted.forEach(pool -> pool.add(node));
    }

    private HostPool newPool(Map<String, String> tags) {
        var pool = new HostPool(order);
        nodes.values().stream().filter(node -> node.has(tags)).forEach(pool::add);
        return pool;
    }
}
