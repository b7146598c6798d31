package dev.flynn.distro.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.host.api.HostClient;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Fetches images before jobs need them. */
@Command(
        name = "pull",
        description =
                "Has hosts fetch images, so that jobs need not wait for them. Layers that are here are not fetched.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host image pull docker://registry.example.com/team/app:v1"})
final class ImagePullCommand extends JobCommand {

    @Option(names = "--host", paramLabel = "ID", description = "Only to this host; else to all.")
    private @Nullable String host;

    @Option(names = "--json", description = "Print JSON, line by line, as the hosts tell it.")
    private boolean json;

    @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "URIs; see the guide to images.")
    private List<String> images = List.of();

    @Override
    int run(HostsOptions hosts) {
        List<String> failed = new ArrayList<>();
        for (HostClient client : host == null ? hosts.all() : List.of(hosts.host(host))) {
            for (String image : images) {
                try {
                    client.pullImage(image, line -> tell(client.hostId(), line));
                } catch (FlynnException e) {
                    failed.add("%s: %s".formatted(client.hostId(), e.getMessage()));
                }
            }
        }
        if (!failed.isEmpty()) {
            throw FlynnException.unavailable(String.join("\n", failed), null);
        }
        return 0;
    }

    private void tell(String hostId, JsonNode line) {
        if (json) {
            out().println(JSON.write(line));
        } else if (line.path("status").asText().equals("downloading")) {
            out().printf(
                            "%s %s %s of %s%n",
                            hostId,
                            line.path("id").asText(),
                            ImageListCommand.size(line.path("done").asLong()),
                            ImageListCommand.size(line.path("total").asLong()));
        } else {
            // the contract's form (layer 0, update), with the host before it
            out().printf(
                            "%s %s %s %s %s%n",
                            hostId,
                            line.path("repo").asText(),
                            line.path("type").asText(),
                            line.path("id").asText(),
                            line.path("status").asText());
        }
        out().flush();
    }
}
