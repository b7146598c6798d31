package dev.flynn.distro.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.distro.hosts.Columns;
import dev.flynn.host.api.HostClient;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What images there are. */
@Command(
        name = "list",
        description = "Lists the images of hosts, those that were used last first.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host image list --host host1"})
final class ImageListCommand extends JobCommand {

    /** Of an id: enough to tell images apart. */
    private static final int ID_LENGTH = "sha256:".length() + 12;

    @Option(names = "--host", paramLabel = "ID", description = "Only those of this host.")
    private @Nullable String host;

    @Option(names = "--json", description = "Print JSON, as the hosts tell it.")
    private boolean json;

    @Override
    int run(HostsOptions hosts) {
        List<ObjectNode> images = new ArrayList<>();
        for (HostClient client : host == null ? hosts.all() : List.of(hosts.host(host))) {
            for (JsonNode image : client.images()) {
                images.add(((ObjectNode) image).put("host", client.hostId()));
            }
        }
        if (json) {
            out().println(JSON.write(images));
            return 0;
        }
        Instant now = Instant.now();
        var columns = new Columns("HOST", "ID", "SIZE", "LAST USED", "JOBS", "NAME");
        for (JsonNode image : images) {
            List<String> names = new ArrayList<>();
            image.path("names").forEach(name -> names.add(name.asText()));
            String id = image.path("id").asText();
            columns.add(
                    image.path("host").asText(),
                    id.substring(0, Math.min(ID_LENGTH, id.length())),
                    size(image.path("size").asLong()),
                    Ages.ago(Optional.of(Instant.parse(image.path("last_used").asText())), now),
                    String.valueOf(image.path("jobs").size()),
                    String.join(" ", names));
        }
        columns.print(out());
        return 0;
    }

    static String size(long bytes) {
        return bytes < 1 << 20
                ? (bytes + 1023) / 1024 + " KB"
                : String.format(Locale.ROOT, "%.1f MB", bytes / (1024.0 * 1024));
    }
}
