package dev.flynn.scheduler;

import static java.util.Comparator.comparingLong;

import dev.flynn.api.host.Capacity;
import dev.flynn.spi.scheduler.ClusterSnapshot.TypeView;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;

/** Why hosts do not take another job of a type, and what would help, for people. */
final class Refusal {

    private final TypeView type;
    private final Places places;

    /** @param places that its jobs have taken */
    Refusal(TypeView type, Places places) {
        this.type = type;
        this.places = places;
    }

    /** @param candidates the hosts that take new jobs and have the type's tags */
    String reason(Collection<Node> candidates) {
        if (candidates.isEmpty()) {
            return type.tags().isEmpty()
                    ? "no host takes new jobs"
                    : "no host that takes new jobs has the tags " + new TreeMap<>(type.tags());
        }
        List<Node> allowed =
                candidates.stream().filter(node -> places.allow(node.host())).toList();
        List<String> reasons = new ArrayList<>();
        if (allowed.size() < candidates.size()) {
            reasons.add(taken(candidates.size() - allowed.size()));
        }
        if (!allowed.isEmpty()) {
            reasons.add(noRoom(allowed));
        }
        return String.join("; ", reasons);
    }

    private String taken(int hosts) {
        String kind = type.antiAffinity().orElseThrow();
        String reason = kind.equals(TypeView.HOST)
                ? "another job of the type is on the host"
                : "another job of the type shares the tag \"%s\", or the host does not have it".formatted(kind);
        return "by its anti-affinity \"%s\" %d of the hosts that may run it do not take it, because %s: add a host, or want fewer"
                .formatted(kind, hosts, reason);
    }

    private String noRoom(Collection<Node> allowed) {
        boolean memory = type.reserved().memoryBytes() > 0;
        Node roomiest = allowed.stream()
                .max(comparingLong(memory ? Node::memoryLeft : Node::cpuLeft).thenComparing(Node::id))
                .orElseThrow();
        return ("there is no room for the %s that it reserves; the most that is left is %s on host \"%s\": stop something, "
                        + "add a host, or reserve less with: flynn limit set %s %s")
                .formatted(
                        text(type.reserved()),
                        text(new Capacity(Math.max(0, roomiest.memoryLeft()), Math.max(0, roomiest.cpuLeft()))),
                        roomiest.id(),
                        type.type(),
                        memory ? "memory=…" : "cpu=…");
    }

    private static String text(Capacity capacity) {
        List<String> parts = new ArrayList<>();
        if (capacity.memoryBytes() > 0) {
            parts.add(
                    capacity.memoryBytes() == Long.MAX_VALUE
                            ? "any memory"
                            : "%d MB of memory".formatted(capacity.memoryBytes() >> 20));
        }
        if (capacity.milliCpus() > 0) {
            parts.add(
                    capacity.milliCpus() == Long.MAX_VALUE
                            ? "any CPU"
                            : "%d milli-CPU".formatted(capacity.milliCpus()));
        }
        return parts.isEmpty() ? "nothing" : String.join(" and ", parts);
    }
}
