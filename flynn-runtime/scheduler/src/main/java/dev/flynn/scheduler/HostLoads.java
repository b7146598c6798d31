package dev.flynn.scheduler;

import dev.flynn.api.host.Capacity;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.scheduler.ClusterSnapshot.Load;
import dev.flynn.state.JobRecord;
import java.util.HashMap;
import java.util.Map;

/** What jobs have of each host, added up. Not thread-safe. */
final class HostLoads {

    private final Map<String, Load> loads = new HashMap<>();

    void add(JobRecord job) {
        if (job.state() != JobState.DOWN) {
            loads.merge(job.hostId(), loadOf(job), HostLoads::sum);
        }
    }

    /** A job that was added, as it was then. */
    void remove(JobRecord job) {
        if (job.state() != JobState.DOWN) {
            Load left = difference(of(job.hostId()), loadOf(job));
            if (left.equals(Load.NONE)) {
                loads.remove(job.hostId());
            } else {
                loads.put(job.hostId(), left);
            }
        }
    }

    Load of(String host) {
        return loads.getOrDefault(host, Load.NONE);
    }

    /** What is left of a host's load without those. */
    Load without(String host, HostLoads some) {
        return difference(of(host), some.of(host));
    }

    private static Load loadOf(JobRecord job) {
        Capacity reserved = Capacity.reservedBy(job.spec().resources());
        boolean stays = !job.stopRequested() && job.state() != JobState.STOPPING;
        return new Load(stays ? 1 : 0, stays && reserved.isNone() ? 1 : 0, reserved);
    }

    private static Load sum(Load a, Load b) {
        return new Load(
                a.jobs() + b.jobs(),
                a.unreserved() + b.unreserved(),
                a.reserved().plus(b.reserved()));
    }

    private static Load difference(Load a, Load b) {
        return new Load(
                a.jobs() - b.jobs(),
                a.unreserved() - b.unreserved(),
                new Capacity(
                        a.reserved().memoryBytes() - b.reserved().memoryBytes(),
                        a.reserved().milliCpus() - b.reserved().milliCpus()));
    }
}
