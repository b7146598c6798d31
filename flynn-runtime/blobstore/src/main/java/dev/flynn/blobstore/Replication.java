package dev.flynn.blobstore;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** How many copies, and where: pure functions. */
final class Replication {

    /** More are not made, however many hosts there are. */
    static final int MAX_COPIES = 3;

    private Replication() {}

    /**
     * How many durable copies a put waits for: one more than a minority of the hosts, so that losing any minority of up to
     * five hosts at that moment loses nothing, as it is with the cluster store.
     */
    static int needed(int hosts) {
        return Math.min(MAX_COPIES, hosts / 2 + 1);
    }

    /** How many copies there are to be in the end. */
    static int wanted(int hosts) {
        return Math.min(MAX_COPIES, Math.max(1, hosts));
    }

    /** The hosts in the order in which they are to have a copy: another one for each version, the same wherever it is asked. */
    static List<String> order(String version, Collection<String> hosts) {
        return hosts.stream()
                .sorted(Comparator.comparingLong((String host) -> weight(version, host))
                        .thenComparing(Comparator.naturalOrder()))
                .toList();
    }

    /** Mixed well: neighbouring hash codes come out far apart. */
    private static long weight(String version, String host) {
        long mixed = (version + '/' + host).hashCode() * 0x9E3779B97F4A7C15L;
        mixed = (mixed ^ (mixed >>> 32)) * 0xBF58476D1CE4E5B9L;
        return mixed ^ (mixed >>> 29);
    }
}
