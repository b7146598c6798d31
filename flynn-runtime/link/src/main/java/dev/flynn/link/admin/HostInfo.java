package dev.flynn.link.admin;

import java.util.Map;

/**
 * A host as its operators see it.
 *
 * @param addr where it is, {@code ip:port}; empty if nobody knows
 * @param alive whether it is registered in discovery
 * @param draining whether its jobs are to move away and new ones to stay away
 * @param jobs how many it has that are not down
 */
public record HostInfo(
        String id,
        String addr,
        boolean alive,
        boolean draining,
        StoreRole storeRole,
        Map<String, String> tags,
        int jobs) {

    public HostInfo {
        tags = Map.copyOf(tags);
    }

    /** What a host does for the cluster's store. */
    public enum StoreRole {
        LEADER,
        VOTER,
        LISTENER,
        NONE;

        boolean isVoter() {
            return this == LEADER || this == VOTER;
        }
    }

    /** {@code alive}, {@code draining} or {@code dead}. */
    public String state() {
        return !alive ? "dead" : draining ? "draining" : "alive";
    }
}
