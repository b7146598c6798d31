package dev.flynn.distro.jobs;

import dev.flynn.api.error.FlynnException;
import dev.flynn.host.api.HostClient;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Ends volumes, data and all. */
@Command(
        name = "delete",
        description =
                "Deletes volumes and snapshots with all that is in them. What a job has, or has snapshots, is not deleted.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host volume delete 6e2f0d1c-7a43-4b55-9d0e-0f1a2b3c4d5e"})
final class VolumeDeleteCommand extends JobCommand {

    @Option(
            names = "--abandon",
            description =
                    "Give up volumes whose host does not come back, so that their apps' jobs begin elsewhere, without that data.")
    private boolean abandon;

    @Parameters(arity = "1..*", paramLabel = "ID", description = "As 'flynn-host volume list' has them.")
    private List<String> ids = List.of();

    @Override
    int run(HostsOptions hosts) {
        List<String> failures = new ArrayList<>();
        for (String id : ids) {
            try {
                delete(hosts, id);
                out().println(id + " deleted");
                out().flush();
            } catch (FlynnException e) {
                failures.add(e.getMessage());
            }
        }
        if (!failures.isEmpty()) {
            throw FlynnException.unavailable("could not delete all volumes: " + String.join("; ", failures), null);
        }
        return 0;
    }

    private void delete(HostsOptions hosts, String id) {
        List<HostClient> all = hosts.all();
        String hostId = VolumeView.named(all.get(0), id).host();
        boolean there = all.stream().anyMatch(host -> host.hostId().equals(hostId));
        if (there) {
            hosts.host(hostId).deleteVolume(id);
        } else if (abandon) {
            all.get(0).abandonVolume(id);
        } else {
            throw FlynnException.unavailable(
                    "volume %s is on host \"%s\", which does not answer; if it does not come back, give the data up with --abandon"
                            .formatted(id, hostId),
                    null);
        }
    }
}
