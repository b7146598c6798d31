package dev.flynn.distro;

import dev.flynn.base.Closer;
import dev.flynn.configurator.ConfigStore;
import dev.flynn.configurator.Configurator;
import dev.flynn.configurator.ConfiguratorServer;
import dev.flynn.configurator.Refusal;
import dev.flynn.configurator.Transformer;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Gives the configuration file of any program an HTTP API. */
@Command(
        name = "configurator",
        description =
                "Gives the configuration file of any program an HTTP API that validates each change before it counts.",
        mixinStandardHelpOptions = true,
        exitCodeOnInvalidInput = 64,
        sortOptions = false,
        footer = {
            "",
            "Example: flynn-host configurator -c 'haproxy -c -f $FILE' -r 'systemctl reload haproxy' file:///srv/haproxy.json haproxy /etc/haproxy/haproxy.cfg",
            "Whoever has the password in CONFIGURATOR_KEY may use the API; without it, whoever reaches loopback."
        })
final class ConfiguratorCommand implements Callable<Integer> {

    private static final int NOT_VALID = 3;

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
            names = {"-c", "--check"},
            paramLabel = "COMMAND",
            description = "Fails if the text in the file that FILE names is not valid.")
    private @Nullable String check;

    @Option(
            names = {"-r", "--reload"},
            paramLabel = "COMMAND",
            description = "Runs after TARGET was written.")
    private @Nullable String reload;

    @Parameters(
            index = "0",
            paramLabel = "STORE_URI",
            description = "Where the document is: file:///path.json or consul://host:port/prefix.")
    private String store = "";

    @Parameters(
            index = "1",
            paramLabel = "TRANSFORMER",
            description = "nginx, haproxy, toml, or a command that reads JSON and writes the program's own text.")
    private String transformer = "";

    @Parameters(index = "2", paramLabel = "TARGET", description = "The file that the program reads.")
    private Path target = Path.of("");

    @Override
    public Integer call() throws InterruptedException {
        try (var foreground = new Foreground();
                var opened = new Closer()) {
            foreground.stopOnSignals();
            ConfiguratorServer server = start(opened);
            System.err.println("the configuration is served on http://%s:%d/v1/config"
                    .formatted(
                            server.address().getAddress().getHostAddress(),
                            server.address().getPort()));
            foreground.awaitStop();
            return 0;
        } catch (Refusal notValid) {
            System.err.println("flynn-host: " + notValid.getMessage());
            return NOT_VALID;
        }
    }

    private ConfiguratorServer start(Closer opened) {
        Configurator.Builder builder = Configurator.builder()
                .store(opened.register(ConfigStore.of(store)))
                .transformer(Transformer.named(transformer))
                .target(target);
        if (check != null) {
            builder.check(check);
        }
        if (reload != null) {
            builder.reload(reload);
        }
        Optional.ofNullable(System.getenv("DISCOVERD"))
                .filter(url -> !url.isEmpty())
                .map(URI::create)
                .ifPresent(builder::discoverd);
        Configurator configurator = opened.register(builder.build());
        configurator.follow();
        return opened.register(new ConfiguratorServer(configurator, listenIp, port, key()));
    }

    static Optional<String> key() {
        return Optional.ofNullable(System.getenv("CONFIGURATOR_KEY")).filter(key -> !key.isEmpty());
    }
}
