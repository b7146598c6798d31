package dev.flynn.containers.oci;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.network.HostNetwork;
import dev.flynn.network.HostNetworkConfig;
import dev.flynn.network.Ipv4Network;
import dev.flynn.network.JobInterface;
import dev.flynn.network.JobNetwork;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.JobFiles;
import dev.flynn.tck.container.ContainerBackendTck;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** With the network that hosts have. The process that is killed for CB-18 has none, so that it leaves none. */
class OciContainerBackendTckTest extends ContainerBackendTck {

    @TempDir
    private static Path networkDirectory;

    private static Optional<HostNetwork> network = Optional.empty();

    @BeforeAll
    static void openNetwork() throws IOException {
        Tools.assumePresent();
        long process = ProcessHandle.current().pid();
        Ipv4Network subnet = Ipv4Network.parse("10.253.%d.0/24".formatted(process % 256));
        network = Optional.of(HostNetwork.open(HostNetworkConfig.builder(subnet, subnet, networkDirectory)
                .bridge("flytck" + process)
                .spares(0)
                .build()));
    }

    @AfterAll
    static void removeNetwork() throws IOException {
        if (network.isPresent()) {
            network.get().remove();
        }
    }

    @Override
    protected ContainerBackend openBackend(Path dataDirectory) {
        return openBackend(dataDirectory, JobFiles.NONE);
    }

    @Override
    protected ContainerBackend openBackend(Path dataDirectory, JobFiles files) {
        OciContainerBackend.Builder builder = OciContainerBackend.builder(
                        dataDirectory.resolve("backend"), ShellImage.install(dataDirectory))
                .files(files);
        network.map(HostNetwork::jobs).map(Adapted::new).ifPresent(builder::network);
        return builder.build();
    }

    @Override
    protected Optional<JobSpec.Image> shellImage() {
        return Optional.of(ShellImage.image());
    }

    @Override
    protected JobSpec impossibleJob() {
        return JobSpec.ofCommand(JobId.random("tck"), new JobSpec.Image("host", "host:nothing"), List.of("true"));
    }

    @Override
    protected boolean mayHaveMade(String networkInterface) {
        return networkInterface.startsWith("fly");
    }

    private record Adapted(JobNetwork network) implements ContainerNetwork {

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
}
