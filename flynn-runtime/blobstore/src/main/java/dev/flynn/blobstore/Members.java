package dev.flynn.blobstore;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The hosts of one moment, as one of them sees them.
 *
 * @param self this host
 * @param hosts that live and are not being emptied: so many copies there can be
 * @param addresses where the blobstores of other hosts answer
 */
record Members(String self, Set<String> hosts, Map<String, String> addresses) {

    Members {
        Set<String> all = new TreeSet<>(hosts);
        all.add(self);
        hosts = Set.copyOf(all);
        addresses = Map.copyOf(addresses);
    }

    /** Whether a copy there can be read now. */
    boolean serves(String host) {
        return host.equals(self) || addresses.containsKey(host);
    }

    /** Whether a copy should be there. */
    boolean keeps(String host) {
        return hosts.contains(host) && serves(host);
    }
}
