package dev.flynn.scheduler;

import dev.flynn.api.release.Port;
import dev.flynn.api.release.Service;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.state.HostPresence;
import dev.flynn.state.HostPresence.Roll;
import dev.flynn.state.JobRecord;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/** Hosts and jobs as discovery has them. */
final class DiscoveredHosts implements HostWatch {

    private final Discovery discovery;
    private final HostPresence presence;

    /**
     * @param onChange called when a host comes or goes; must be quick
     * @param nanos a clock that only goes forward
     */
    DiscoveredHosts(Discovery discovery, Runnable onChange, LongSupplier nanos) {
        this.discovery = discovery;
        this.presence = new HostPresence(discovery, onChange, nanos);
    }

    @Override
    public Roll look(Set<String> hosts) {
        return presence.look(hosts);
    }

    @Override
    public Set<String> confirmGone(Set<String> hosts) {
        Set<String> registered = presence.registered();
        if (registered.isEmpty()) {
            return Set.of();
        }
        Set<String> gone = new HashSet<>(hosts);
        gone.removeAll(registered);
        return gone;
    }

    @Override
    public boolean isServed(JobRecord job) {
        return job.spec().ports().stream()
                .map(Port::service)
                .flatMap(Optional::stream)
                .map(Service::name)
                .allMatch(service -> has(service, job));
    }

    private boolean has(String service, JobRecord job) {
        return discovery.instances(service).stream()
                .anyMatch(instance -> job.id().value().equals(instance.meta().get("FLYNN_JOB_ID")));
    }

    @Override
    public void close() {
        presence.close();
    }
}
