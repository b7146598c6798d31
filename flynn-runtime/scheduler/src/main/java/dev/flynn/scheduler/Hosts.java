package dev.flynn.scheduler;

import dev.flynn.scheduler.HostPool.Node;
import dev.flynn.spi.scheduler.ClusterSnapshot.HostView;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The hosts that take new jobs, how many jobs each has, and which may run what. */
final class Hosts {

    private final Map<String, Node> nodes = new TreeMap<>();

    /** The hosts that have these tags; made when first asked for, because most clusters know few sets of tags. */
    private final Map<Map<String, String>, HostPool> pools = new HashMap<>();

    Hosts(List<HostView> hosts) {
        for (HostView host : hosts) {
            if (host.schedulable()) {
                nodes.put(host.id(), new Node(host));
            }
        }
    }

    boolean mayRun(String hostId, Map<String, String> tags) {
        Node node = nodes.get(hostId);
        return node != null && node.has(tags);
    }

    HostPool thatMayRun(Map<String, String> tags) {
        return pools.computeIfAbsent(tags, this::newPool);
    }

    /** One more job is on the host; hosts that take none are not counted. */
    void addLoad(String hostId) {
        Node node = nodes.get(hostId);
        if (node == null) {
            return;
        }
        List<HostPool> sortedByLoad = new ArrayList<>();
        for (HostPool pool : pools.values()) {
            if (pool.remove(node)) {
                sortedByLoad.add(pool);
            }
        }
        node.addLoad();
        sortedByLoad.forEach(pool -> pool.add(node));
    }

    private HostPool newPool(Map<String, String> tags) {
        var pool = new HostPool();
        nodes.values().stream().filter(node -> node.has(tags)).forEach(pool::add);
        return pool;
    }
}
