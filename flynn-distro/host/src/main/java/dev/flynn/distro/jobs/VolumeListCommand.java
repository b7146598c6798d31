package dev.flynn.distro.jobs;

import dev.flynn.distro.hosts.Columns;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What volumes there are. */
@Command(
        name = "list",
        description = "Lists the volumes and snapshots of all hosts, also of such that are down, the oldest first.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host volume list --host host1"})
final class VolumeListCommand extends JobCommand {

    @Option(names = "--host", paramLabel = "ID", description = "Only those of this host.")
    private @Nullable String host;

    @Option(names = "--json", description = "Print JSON, as the hosts tell it.")
    private boolean json;

    @Override
    int run(HostsOptions hosts) {
        List<VolumeView> volumes = VolumeView.everywhere(hosts.all().get(0)).stream()
                .filter(volume -> host == null || volume.host().equals(host))
                .toList();
        if (json) {
            out().println(JSON.write(volumes.stream().map(VolumeView::json).toList()));
            return 0;
        }
        Instant now = Instant.now();
        var columns = new Columns("ID", "TYPE", "HOST", "CREATED", "META");
        volumes.forEach(volume -> columns.add(
                volume.id(),
                volume.type(),
                volume.host(),
                Ages.ago(Optional.of(volume.created()), now),
                volume.meta()));
        columns.print(out());
        return 0;
    }
}
