package dev.flynn.scheduler;

import dev.flynn.api.host.Capacity;
import dev.flynn.spi.scheduler.ClusterSnapshot.HostView;
import java.util.Map;

/** A host that takes new jobs, and what it has left while a plan is made. Not thread-safe. */
final class Node {

    private final HostView host;
    private int jobs;
    private int unreserved;
    private long memoryLeft;
    private long cpuLeft;

    /** Jobs that are chosen to be here and not counted yet. */
    private int promised;

    Node(HostView host) {
        this.host = host;
        this.jobs = host.others().jobs();
        this.unreserved = host.others().unreserved();
        this.memoryLeft = host.capacity().memoryBytes();
        this.cpuLeft = host.capacity().milliCpus();
        take(host.others().reserved());
    }

    String id() {
        return host.id();
    }

    HostView host() {
        return host;
    }

    int jobs() {
        return jobs;
    }

    /** How many of them reserve nothing. */
    int unreserved() {
        return unreserved;
    }

    /** Less than nothing if more was given away than there is. */
    long memoryLeft() {
        return memoryLeft;
    }

    long cpuLeft() {
        return cpuLeft;
    }

    boolean has(Map<String, String> tags) {
        return host.tags().entrySet().containsAll(tags.entrySet());
    }

    /** Whether one more such job finds room beside those that are promised. */
    boolean hasRoomFor(Capacity reserved) {
        long more = promised + 1L;
        return (reserved.memoryBytes() == 0 || reserved.memoryBytes() <= memoryLeft / more)
                && (reserved.milliCpus() == 0 || reserved.milliCpus() <= cpuLeft / more);
    }

    int promised() {
        return promised;
    }

    void promise() {
        promised++;
    }

    /** The jobs that were promised are counted from now on. */
    int redeem() {
        int counted = promised;
        promised = 0;
        return counted;
    }

    void count(Capacity reserved, boolean stays) {
        take(reserved);
        if (stays) {
            jobs++;
            unreserved += reserved.isNone() ? 1 : 0;
        }
    }

    private void take(Capacity reserved) {
        memoryLeft -= memoryLeft == Long.MAX_VALUE ? 0 : reserved.memoryBytes();
        cpuLeft -= cpuLeft == Long.MAX_VALUE ? 0 : reserved.milliCpus();
    }
}
