package dev.flynn.distro.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.distro.hosts.Columns;
import dev.flynn.host.api.HostClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Who uses the disk. */
@Command(
        name = "disk",
        description =
                "Tells who uses the disks of hosts, what of that could go, and what is reserved for the platform.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host disk --host host1", "         flynn-host disk --gc"})
public final class DiskCommand extends JobCommand {

    @Option(names = "--host", paramLabel = "ID", description = "Only that of this host.")
    private @Nullable String host;

    @Option(names = "--gc", description = "Delete what nobody needs any more first, as hosts do every ten minutes.")
    private boolean collect;

    @Option(names = "--json", description = "Print JSON, as the hosts tell it.")
    private boolean json;

    @Override
    int run(HostsOptions hosts) {
        List<JsonNode> reports = new ArrayList<>();
        for (HostClient client : host == null ? hosts.all() : List.of(hosts.host(host))) {
            JsonNode deleted = collect ? client.collectGarbage() : JSON.readTree("[]");
            JsonNode report = client.disk();
            if (collect) {
                ((ObjectNode) report).set("deleted", deleted);
            }
            reports.add(report);
        }
        if (json) {
            out().println(JSON.write(reports));
            return 0;
        }
        for (int i = 0; i < reports.size(); i++) {
            if (i > 0) {
                out().println();
            }
            print(reports.get(i));
        }
        return 0;
    }

    private void print(JsonNode report) {
        out().println("%s: %s of %s free, %s reserved for the platform"
                .formatted(
                        report.path("host_id").asText(),
                        size(report.path("usable_bytes").asLong()),
                        size(report.path("total_bytes").asLong()),
                        size(report.path("reserve_bytes").asLong())));
        if (!report.path("refusing").asText().isEmpty()) {
            out().println(report.path("refusing").asText());
        }
        report.path("deleted")
                .forEach(item -> out().println("%s %s deleted"
                        .formatted(item.path("what").asText(), item.path("id").asText())));
        var uses = new Columns("WHAT", "COUNT", "SIZE", "CAN GO");
        report.path("uses")
                .forEach(use -> uses.add(
                        use.path("what").asText(),
                        use.path("count").asInt() == 0 ? "" : use.path("count").asText(),
                        size(use.path("bytes").asLong()),
                        size(use.path("freeable_bytes").asLong())));
        uses.print(out());
        if (!report.path("apps").isEmpty()) {
            var apps = new Columns("APP", "SIZE", "OF THAT");
            report.path("apps")
                    .forEach(app ->
                            apps.add(name(app), size(app.path("total_bytes").asLong()), parts(app)));
            apps.print(out());
        }
        report.path("strays")
                .forEach(
                        stray -> out().println("volumes/%s in the data directory is of no volume that the cluster knows"
                                .formatted(stray.asText())));
    }

    private static String name(JsonNode app) {
        String name = app.path("name").asText();
        return name.isEmpty() ? app.path("app").asText() + " (gone)" : name;
    }

    private static String parts(JsonNode app) {
        var parts = new StringJoiner(", ");
        app.path("bytes")
                .properties()
                .forEach(part ->
                        parts.add(part.getKey() + " " + size(part.getValue().asLong())));
        return parts.toString();
    }

    static String size(long bytes) {
        if (bytes < 1 << 20) {
            return (bytes + 1023) / 1024 + " KB";
        }
        return bytes < 1L << 30
                ? String.format(Locale.ROOT, "%.1f MB", bytes / (1024.0 * 1024))
                : String.format(Locale.ROOT, "%.1f GB", bytes / (1024.0 * 1024 * 1024));
    }
}
