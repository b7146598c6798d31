package dev.flynn.distro.cluster;

import dev.flynn.identity.ClusterAuthority;
import dev.flynn.identity.ClusterMembers;
import dev.flynn.json.FlynnJson;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/** Join tokens of clusters that never were. */
final class Tokens {

    private Tokens() {}

    static String any() {
        try (var store = new MemoryClusterStore()) {
            var members = new ClusterMembers(new ClusterState(store, new FlynnJson(), Clock.systemUTC()));
            ClusterAuthority authority = ClusterAuthority.create(Instant.now());
            members.found(authority, authority.identify("first", Instant.now()));
            return members.create("", 1, Duration.ofHours(1));
        }
    }
}
