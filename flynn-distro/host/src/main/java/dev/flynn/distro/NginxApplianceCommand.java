package dev.flynn.distro;

import dev.flynn.configurator.ConfigStore;
import dev.flynn.configurator.NginxAppliance;
import dev.flynn.configurator.Refusal;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs an nginx whose configuration is changed over HTTP. */
@Command(
        name = "nginx-appliance",
        description = "Runs an nginx whose configuration is changed over HTTP. When nginx ends, so does this.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Example: flynn-host nginx-appliance --data-dir /srv/proxy",
            "curl -X PUT http://127.0.0.1:9000/v1/config/http/server/location/%%2F -d '{\"proxy_pass\": \"http://10.0.0.7\"}'"
        })
final class NginxApplianceCommand implements Callable<Integer> {

    private static final int NOT_VALID = 3;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            required = true,
            description = "Holds the document, the configuration, and www, which is served at first.")
    private Path dataDirectory = Path.of("");

    @Option(
            names = "--http-port",
            paramLabel = "PORT",
            defaultValue = "80",
            description = "Where the first document listens, on all addresses (default: ${DEFAULT-VALUE}).")
    private int httpPort = 80;

    @Option(
            names = {"-p", "--port"},
            paramLabel = "PORT",
            defaultValue = "9000",
            description = "Port of the API; 0 takes any free one (default: ${DEFAULT-VALUE}).")
    private int port = 9000;

    @Option(
            names = "--listen-ip",
            paramLabel = "IP",
            defaultValue = "127.0.0.1",
            description =
                    "Address of the API; another one than loopback needs CONFIGURATOR_KEY (default: ${DEFAULT-VALUE}).")
    private String listenIp = "127.0.0.1";

    @Option(
            names = "--store",
            paramLabel = "STORE_URI",
            description = "Where the document is, instead of in DIR: file:///path.json or consul://host:port/prefix.")
    private @Nullable String store;

    @Option(
            names = "--nginx",
            paramLabel = "FILE",
            defaultValue = "/usr/sbin/nginx",
            description = "The nginx to run (default: ${DEFAULT-VALUE}).")
    private Path nginx = Path.of("/usr/sbin/nginx");

    @Override
    public Integer call() throws InterruptedException {
        try (var foreground = new Foreground();
                var appliance = NginxAppliance.start(settings())) {
            foreground.stopOnSignals();
            System.err.println("nginx's configuration is served on http://%s:%d/v1/config"
                    .formatted(
                            appliance.apiAddress().getAddress().getHostAddress(),
                            appliance.apiAddress().getPort()));
            appliance.onEnd(foreground::stop);
            foreground.awaitStop();
            return appliance.status().orElse(0);
        } catch (Refusal notValid) {
            System.err.println("flynn-host: " + notValid.getMessage());
            return NOT_VALID;
        }
    }

    private NginxAppliance.Settings settings() {
        return new NginxAppliance.Settings(
                dataDirectory,
                nginx,
                "0.0.0.0",
                httpPort,
                listenIp,
                port,
                ConfiguratorCommand.key(),
                Optional.ofNullable(store).map(ConfigStore::of));
    }
}
