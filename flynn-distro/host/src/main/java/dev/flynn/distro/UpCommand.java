package dev.flynn.distro;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs a whole one-host cluster in the foreground. */
@Command(
        name = "up",
        description =
                "Starts a one-host cluster in the foreground: everything, set up if it is new. Ctrl-C stops it cleanly.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Example: flynn-host up --data-dir /srv/flynn --domain flynn.localhost",
            "The line that it prints when it is ready adds the cluster to the flynn command line."
        })
final class UpCommand implements Callable<Integer> {

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Where everything is kept (default: /var/lib/flynn for root, ~/.local/share/flynn else).")
    private @Nullable Path dataDirectory;

    @Option(
            names = "--domain",
            paramLabel = "DOMAIN",
            description = "Domain of the cluster (default: $CLUSTER_DOMAIN, or flynn.localhost).")
    private @Nullable String domain;

    @Option(
            names = "--listen-ip",
            paramLabel = "IP",
            defaultValue = "127.0.0.1",
            description = "Address that the router and the jobs listen on (default: ${DEFAULT-VALUE}).")
    private String listenIp = "127.0.0.1";

    @Option(
            names = "--http-port",
            paramLabel = "PORT",
            description = "Port for HTTP; 0 takes any free one (default: 80 if it can be had, else 8080).")
    private @Nullable Integer httpPort;

    @Option(
            names = "--https-port",
            paramLabel = "PORT",
            description = "Port for HTTPS; 0 takes any free one (default: 443 if it can be had, else 8443).")
    private @Nullable Integer httpsPort;

    @Option(
            names = "--discoverd-port",
            paramLabel = "PORT",
            description = "Port of discovery's HTTP API, or off (default: 1111, any free one if that is taken).")
    private @Nullable String discoverdPort;

    @Option(
            names = "--dns-port",
            paramLabel = "PORT",
            description = "Port of DNS for services, or off (default: 1053, any free one if that is taken).")
    private @Nullable String dnsPort;

    @Option(
            names = "--host-api-port",
            paramLabel = "PORT",
            description = "Port of this host's HTTP API, or off (default: 1113, any free one if that is taken).")
    private @Nullable String hostApiPort;

    @Option(
            names = "--insecure-host-api",
            description =
                    "Serve this host's HTTP API without TLS and without asking who asks: whoever can connect may start processes. On loopback only.")
    private boolean insecureHostApi;

    @Mixin
    private RouterOptions router = new RouterOptions();

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = "auto",
            description =
                    "What runs the jobs of apps: process (plain processes, no isolation), oci (containers, with runc and conmon), docker (containers of a Docker engine), auto (containers if they can be had) (default: ${DEFAULT-VALUE}).")
    private String backend = "auto";

    @Mixin
    private NetworkOptions network = new NetworkOptions();

    @Mixin
    private ImageOptions images = new ImageOptions();

    @Mixin
    private PartitionOptions partitions = new PartitionOptions();

    @Option(
            names = "--ready-file",
            paramLabel = "FILE",
            description = "Is written once everything answers, with the 'flynn cluster add' line.")
    private @Nullable Path readyFile;

    @Option(names = "--until-ready", hidden = true, description = "Stop once everything answers.")
    private boolean untilReady;

    @Override
    public Integer call() {
        return new HostProcess(options(), System.err).run();
    }

    private UpOptions options() {
        return new UpOptions(
                dataDirectory != null ? dataDirectory : defaultDataDirectory(),
                domain != null ? domain : defaultDomain(),
                listenIp,
                httpPort == null ? OptionalInt.empty() : OptionalInt.of(httpPort),
                httpsPort == null ? OptionalInt.empty() : OptionalInt.of(httpsPort),
                port("--discoverd-port", discoverdPort, 1111),
                port("--dns-port", dnsPort, 1053),
                port("--host-api-port", hostApiPort, HostApiServer.USUAL_PORT),
                insecureHostApi,
                router.choice(),
                backend,
                network.settings(System.getenv()),
                partitions.partitions(),
                images.settings(System.getenv()),
                Optional.ofNullable(readyFile),
                untilReady);
    }

    private static ServerPort port(String option, @Nullable String wanted, int usual) {
        return wanted == null ? ServerPort.usually(usual) : ServerPort.parse(option, wanted);
    }

    private static String defaultDomain() {
        String fromEnvironment = System.getenv("CLUSTER_DOMAIN");
        return fromEnvironment == null || fromEnvironment.isEmpty() ? "flynn.localhost" : fromEnvironment;
    }

    private static Path defaultDataDirectory() {
        return "root".equals(System.getProperty("user.name"))
                ? Path.of("/var/lib/flynn")
                : Path.of(System.getProperty("user.home"), ".local", "share", "flynn");
    }
}
