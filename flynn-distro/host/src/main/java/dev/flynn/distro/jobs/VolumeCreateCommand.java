package dev.flynn.distro.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A volume of an operator's own. */
@Command(
        name = "create",
        description =
                "Makes a volume for jobs that name it. Those of apps' process types with \"data\" are made by themselves.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host volume create --meta for=backups host1"})
final class VolumeCreateCommand extends JobCommand {

    @Option(names = "--provider", paramLabel = "ID", description = "Who makes it (default: ${DEFAULT-VALUE}).")
    private String provider = "default";

    @Option(names = "--meta", paramLabel = "KEY=VALUE", description = "What is noted of it.")
    private Map<String, String> meta = Map.of();

    @Option(names = "--json", description = "Print JSON, as the host tells it.")
    private boolean json;

    @Parameters(paramLabel = "HOST", description = "As 'flynn-host list' has them.")
    private String host = "";

    @Override
    int run(HostsOptions hosts) {
        JsonNode made = hosts.host(host).createVolume(provider, meta);
        out().println(
                        json
                                ? made.toString()
                                : "created volume %s on %s"
                                        .formatted(made.path("id").asText(), host));
        return 0;
    }
}
