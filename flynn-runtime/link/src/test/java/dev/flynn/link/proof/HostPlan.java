package dev.flynn.link.proof;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a host is told when it is started.
 *
 * @param addresses of the links of all hosts, by host
 * @param life counts its starts
 * @param seenUntil the revision up to which its last life told every change
 * @param ttl of registrations in discovery
 * @param patience of the store's requests
 * @param sabotaged whether it lies: stale reads are passed off as linearizable, and who led leads for longer than he may
 */
record HostPlan(
        String id,
        Path directory,
        Map<String, String> addresses,
        int life,
        long seenUntil,
        long seed,
        Duration ttl,
        Duration patience,
        long snapshotEvery,
        boolean sabotaged) {

    List<String> toArguments() {
        return List.of(
                id,
                directory.toString(),
                addresses.entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .collect(Collectors.joining(",")),
                String.valueOf(life),
                String.valueOf(seenUntil),
                String.valueOf(seed),
                ttl.toString(),
                patience.toString(),
                String.valueOf(snapshotEvery),
                String.valueOf(sabotaged));
    }

    static HostPlan parse(String[] arguments) {
        return new HostPlan(
                arguments[0],
                Path.of(arguments[1]),
                Arrays.stream(arguments[2].split(","))
                        .map(entry -> entry.split("=", 2))
                        .collect(Collectors.toMap(entry -> entry[0], entry -> entry[1])),
                Integer.parseInt(arguments[3]),
                Long.parseLong(arguments[4]),
                Long.parseLong(arguments[5]),
                Duration.parse(arguments[6]),
                Duration.parse(arguments[7]),
                Long.parseLong(arguments[8]),
                Boolean.parseBoolean(arguments[9]));
    }

    String address() {
        return addresses.getOrDefault(id, "");
    }

    /** The same for a host that is new. */
    HostPlan of(String host, Path home) {
        return new HostPlan(host, home, addresses, 1, 0, seed, ttl, patience, snapshotEvery, sabotaged);
    }

    HostPlan nextLife(long seen) {
        return new HostPlan(id, directory, addresses, life + 1, seen, seed, ttl, patience, snapshotEvery, sabotaged);
    }
}
