package dev.flynn.distro.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.host.api.HostClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A copy that stays as it is. */
@Command(
        name = "snapshot",
        description =
                "Makes a read-only copy of a volume on its host. Where the host's data is not on a btrfs, what a job writes meanwhile is copied or not: stop it first.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host volume snapshot 6e2f0d1c-7a43-4b55-9d0e-0f1a2b3c4d5e"})
final class VolumeSnapshotCommand extends JobCommand {

    @Option(names = "--json", description = "Print JSON, as the host tells it.")
    private boolean json;

    @Parameters(paramLabel = "ID", description = "As 'flynn-host volume list' has it.")
    private String id = "";

    @Override
    int run(HostsOptions hosts) {
        HostClient host = hosts.host(VolumeView.named(hosts.all().get(0), id).host());
        JsonNode made = host.snapshot(id);
        out().println(
                        json
                                ? made.toString()
                                : "created snapshot %s of %s on %s"
                                        .formatted(made.path("id").asText(), id, host.hostId()));
        return 0;
    }
}
