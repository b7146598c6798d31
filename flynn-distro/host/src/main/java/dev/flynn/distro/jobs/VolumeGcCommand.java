package dev.flynn.distro.jobs;

import dev.flynn.host.api.HostClient;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Ends what nobody owns. */
@Command(
        name = "gc",
        description =
                "Deletes at once the volumes of apps that are gone. By themselves hosts do so a week after their last use.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host volume gc"})
final class VolumeGcCommand extends JobCommand {

    @Option(names = "--host", paramLabel = "ID", description = "Only those of this host.")
    private @Nullable String host;

    @Option(names = "--json", description = "Print the ids as JSON.")
    private boolean json;

    @Override
    int run(HostsOptions hosts) {
        List<String> deleted = new ArrayList<>();
        for (HostClient client : host == null ? hosts.all() : List.of(hosts.host(host))) {
            deleted.addAll(client.collectVolumes());
        }
        if (json) {
            out().println(JSON.write(deleted));
        } else {
            deleted.forEach(id -> out().println(id + " deleted"));
        }
        return 0;
    }
}
