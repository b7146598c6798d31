package dev.flynn.distro.jobs;

import dev.flynn.api.error.FlynnException;
import dev.flynn.host.api.HostClient;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Data on its way to another host. */
@Command(
        name = "send",
        description = {
            "Copies a volume, or what a snapshot of it has, to another host, where the next job of the same app and type gets it.",
            "The volume itself stays: to move it, scale the type to 0, send the volume, delete it here, and scale up again."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host volume send 6e2f0d1c-7a43-4b55-9d0e-0f1a2b3c4d5e host2"})
final class VolumeSendCommand extends JobCommand {

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Parameters(index = "0", paramLabel = "ID", description = "As 'flynn-host volume list' has it.")
    private String id = "";

    @Parameters(index = "1", paramLabel = "HOST", description = "As 'flynn-host list' has them.")
    private String host = "";

    @Override
    int run(HostsOptions hosts) {
        VolumeView volume = VolumeView.named(hosts.all().get(0), id);
        HostClient source = hosts.host(volume.host());
        HostClient target = hosts.host(host);
        if (source.hostId().equals(target.hostId())) {
            throw FlynnException.invalid("volume %s is on host \"%s\" already".formatted(id, host));
        }
        volume.job()
                .ifPresent(job -> warn(
                        "job %s may write to it meanwhile; stop it first, unless the volumes of its host are on a btrfs"
                                .formatted(job)));
        String snapshot =
                volume.isSnapshot() ? id : source.snapshot(id).path("id").asText();
        try {
            String made = send(source, target, snapshot);
            out().println(
                            json
                                    ? JSON.write(Map.of("id", made, "host_id", host, "source", id))
                                    : "sent volume %s to %s as %s".formatted(id, host, made));
        } finally {
            if (!volume.isSnapshot()) {
                source.deleteVolume(snapshot);
            }
        }
        return 0;
    }

    private static String send(HostClient source, HostClient target, String snapshot) {
        String made = target.createVolume("default", Map.of()).path("id").asText();
        try {
            var unused = target.pullSnapshot(made, source.hostId(), snapshot);
            return made;
        } catch (FlynnException e) {
            try {
                target.deleteVolume(made);
            } catch (FlynnException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
    }
}
