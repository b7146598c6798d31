package dev.flynn.link.admin;

import java.util.Map;

/**
 * A host as its operators see it.
 *
 * @param addr where it is, {@code ip:port}; empty if nobody knows
 * @param alive whether it is registered in discovery
 * @param draining whether its jobs are to move away and new ones to stay away
 * @param full whether its disk has no room for new jobs of apps
 * @param jobs how many it has that are not down
 */
public record HostInfo(
        String id,
        String addr,
        boolean alive,
        boolean draining,
        boolean full,
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

    /** {@code alive}, {@code full}, {@code draining} or {@code dead}: what most keeps new jobs away. */
    public String state() {
        if (!alive) {
            return "dead";
        }
        return draining ? "draining" : full ? "full" : "alive";
    }
}
