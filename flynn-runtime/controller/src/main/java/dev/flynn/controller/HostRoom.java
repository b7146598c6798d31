package dev.flynn.controller;

import dev.flynn.api.host.Capacity;
import dev.flynn.api.host.Host;
import dev.flynn.api.job.JobState;
import dev.flynn.state.JobRecord;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What of some hosts no job has reserved. */
final class HostRoom {

    private final Map<Host, Capacity> free = new LinkedHashMap<>();

    /** @param jobs those of any host; what is down reserves nothing */
    HostRoom(Collection<Host> hosts, Collection<JobRecord> jobs) {
        Map<String, Capacity> reserved = new HashMap<>();
        jobs.stream()
                .filter(job -> job.state() != JobState.DOWN)
                .forEach(job -> reserved.merge(
                        job.hostId(), Capacity.reservedBy(job.spec().resources()), Capacity::plus));
        hosts.forEach(host -> free.put(
                host,
                host.capacity().orElse(Capacity.UNLIMITED).minus(reserved.getOrDefault(host.id(), Capacity.NONE))));
    }

    /** In the order in which they were given. */
    List<Host> hosts() {
        return List.copyOf(free.keySet());
    }

    Capacity free(Host host) {
        return free.getOrDefault(host, Capacity.NONE);
    }

    void take(Host host, Capacity part) {
        free.computeIfPresent(host, (same, left) -> left.minus(part));
    }

    /** As a reason tells it: {@code 300 MiB and 500 milli-CPU}. */
    static String text(Capacity capacity) {
        String memory = "%d MiB".formatted(capacity.memoryBytes() >> 20);
        String cpu = "%d milli-CPU".formatted(capacity.milliCpus());
        if (capacity.milliCpus() == 0) {
            return memory;
        }
        return capacity.memoryBytes() == 0 ? cpu : memory + " and " + cpu;
    }
}
