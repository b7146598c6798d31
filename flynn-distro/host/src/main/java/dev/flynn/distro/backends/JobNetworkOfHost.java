package dev.flynn.distro.backends;

import dev.flynn.api.id.JobId;
import dev.flynn.containers.oci.ContainerNetwork;
import dev.flynn.network.ClusterNetwork;
import dev.flynn.network.ClusterNetworkConfig;
import dev.flynn.network.JobInterface;
import dev.flynn.network.JobNetwork;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;

/** This host's part of the cluster's network, as containers take it. */
final class JobNetworkOfHost implements ContainerNetwork {

    private final JobNetwork network;

    private JobNetworkOfHost(JobNetwork network) {
        this.network = network;
    }

    static ContainerNetwork of(ClusterNetwork network) {
        return new JobNetworkOfHost(network.jobs());
    }

    static ClusterNetworkConfig.Builder configuration(HostContext host) throws IOException {
        return ClusterNetworkConfig.builder(host.hostId(), host.publicIp(), host.directory("network"))
                .overlay(host.network().overlay())
                .bridge(host.network().bridge());
    }

    @Override
    public Connection open(JobId job) throws IOException {
        JobInterface made = network.open(job, Optional.empty());
        return new Connection(made.address(), made.namespace());
    }

    @Override
    public void close(JobId job) {
        network.close(job);
    }

    @Override
    public Set<JobId> jobs() {
        return network.jobs();
    }
}
