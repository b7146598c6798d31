package dev.flynn.distro.backends;

import dev.flynn.api.id.JobId;
import dev.flynn.base.Closer;
import dev.flynn.containers.oci.OciContainerBackend;
import dev.flynn.host.HostFiles;
import dev.flynn.images.ImageStore;
import dev.flynn.network.ClusterNetwork;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;

/** Containers without a daemon. */
final class OciBackend {

    private OciBackend() {}

    static AppBackend open(HostContext host, Closer closer) throws IOException {
        HostFiles files = FilesOfHost.open(host);
        ClusterNetwork network = closer.register(ClusterNetwork.open(
                host.state(), JobNetworkOfHost.configuration(host).build()));
        ImageStore store =
                ImageStore.open(host.directory("oci-images"), host.appImages().store(host.archives()));
        closer.register(() -> StoredImages.closeQuietly(store));
        String gateway = network.jobs().gateway();
        OciContainerBackend.Builder settings = OciContainerBackend.builder(host.directory("oci"), host.images())
                .network(JobNetworkOfHost.of(network))
                .images(new StoredImages(store))
                .files(files)
                .address(host.publicIp())
                .partitions(host.partitions())
                .nameserver(gateway)
                .clock(host.clock());
        host.appImages().stackImage().ifPresent(settings::stack);
        OciContainerBackend backend = closer.register(settings.build());
        Set<JobId> living = HostContext.living(backend);
        files.retain(living);
        store.retain(living);
        network.jobs().retain(living);
        host.appImages().stackImage().ifPresent(stack -> StoredImages.fetchAhead(store, stack));
        return new AppBackend("oci", backend, Optional.of(gateway)).withImages(store);
    }
}
