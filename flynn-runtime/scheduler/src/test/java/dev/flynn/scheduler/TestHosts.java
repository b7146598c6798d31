package dev.flynn.scheduler;

import dev.flynn.api.id.JobId;
import dev.flynn.state.HostPresence.Roll;
import dev.flynn.state.JobRecord;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** Hosts that live unless a test says otherwise. */
final class TestHosts implements HostWatch {

    /** Not registered, but not for long enough to be dead. */
    final Set<String> missing = new HashSet<>();

    final Set<String> dead = new HashSet<>();

    /** Dead by what was seen, and registered in truth. */
    final Set<String> registered = new HashSet<>();

    final Set<JobId> notServed = new HashSet<>();

    @Override
    public Roll look(Set<String> hosts) {
        Set<String> alive = new HashSet<>(hosts);
        alive.removeAll(missing);
        alive.removeAll(dead);
        Set<String> deadOnes = new HashSet<>(dead);
        deadOnes.retainAll(hosts);
        return new Roll(alive, alive.isEmpty() ? Set.of() : deadOnes, Optional.empty());
    }

    @Override
    public Set<String> confirmGone(Set<String> hosts) {
        Set<String> confirmed = new HashSet<>(hosts);
        confirmed.removeAll(registered);
        return confirmed;
    }

    @Override
    public boolean isServed(JobRecord job) {
        return !notServed.contains(job.id());
    }

    @Override
    public void close() {}
}
