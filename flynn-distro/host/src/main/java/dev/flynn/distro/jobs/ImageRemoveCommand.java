package dev.flynn.distro.jobs;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.host.api.HostClient;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Deletes images. */
@Command(
        name = "remove",
        description =
                "Deletes images that no job needs, on all hosts that have them. What is not needed goes by itself in time.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host image remove docker://registry.example.com/team/app:v1"})
final class ImageRemoveCommand extends JobCommand {

    @Option(names = "--host", paramLabel = "ID", description = "Only on this host.")
    private @Nullable String host;

    @Option(names = "--json", description = "Print what each host has freed, in bytes, as JSON.")
    private boolean json;

    @Parameters(
            arity = "1..*",
            paramLabel = "IMAGE",
            description = "URIs, or ids, as 'flynn-host image list' has them.")
    private List<String> images = List.of();

    @Override
    int run(HostsOptions hosts) {
        List<HostClient> clients = host == null ? hosts.all() : List.of(hosts.host(host));
        List<String> failed = new ArrayList<>();
        List<Removal> removed = new ArrayList<>();
        for (String image : images) {
            boolean found = false;
            for (HostClient client : clients) {
                try {
                    long freed = client.removeImage(image);
                    found = true;
                    removed.add(new Removal(client.hostId(), image, freed));
                } catch (FlynnException e) {
                    if (e.code() != ErrorCode.OBJECT_NOT_FOUND) {
                        found = true;
                        failed.add("%s: %s".formatted(client.hostId(), e.getMessage()));
                    }
                }
            }
            if (!found) {
                failed.add("no host has an image " + image);
            }
        }
        tell(removed);
        if (!failed.isEmpty()) {
            throw FlynnException.unavailable(String.join("\n", failed), null);
        }
        return 0;
    }

    private record Removal(String host, String image, long freed) {}

    private void tell(List<Removal> removed) {
        if (json) {
            out().println(JSON.write(removed));
        } else {
            removed.forEach(one -> out().printf(
                            "%s %s removed, %s freed%n", one.host(), one.image(), ImageListCommand.size(one.freed())));
        }
        out().flush();
    }
}
