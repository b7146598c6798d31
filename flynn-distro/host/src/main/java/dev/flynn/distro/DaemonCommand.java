package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import dev.flynn.distro.backends.AppBackend;
import dev.flynn.distro.cluster.JoinLine;
import dev.flynn.identity.JoinToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs one host of a cluster in the foreground (contract: layer 0, Host daemon). */
@Command(
        name = "daemon",
        description =
                "Runs this host of a cluster, in the foreground. SIGTERM or Ctrl-C stops it and its jobs cleanly.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Options and environment are also read from $FLYNN_HOST_CONFIG, else /etc/flynn/host.json: 'flynn-host init' writes it.",
            "A host that is told of no others, and belongs to no cluster yet, founds one.",
            "Example: flynn-host daemon --external-ip 192.0.2.11"
        })
final class DaemonCommand implements Callable<Integer> {

    static final String NAME = "daemon";

    private static final int LINK_PORT = 1112;
    private static final int DISCOVERD_PORT = 1111;
    private static final int DNS_PORT = 53;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = "/var/lib/flynn",
            description = "Where everything is kept (default: ${DEFAULT-VALUE}).")
    private Path dataDirectory = Path.of("/var/lib/flynn");

    @Option(
            names = "--id",
            paramLabel = "ID",
            description = "Name of this host in its cluster, without dashes (default: that of the machine).")
    private @Nullable String id;

    @Option(
            names = "--external-ip",
            paramLabel = "IP",
            description = "Address at which other hosts reach this one (default: that of the default route).")
    private @Nullable String externalIp;

    @Option(
            names = "--listen-ip",
            paramLabel = "IP",
            description = "Address that everything on this host listens on (default: the external one).")
    private @Nullable String listenIp;

    @Option(
            names = "--link-port",
            paramLabel = "PORT",
            defaultValue = "" + LINK_PORT,
            description = "Port for the other hosts, the same on all of them (default: ${DEFAULT-VALUE}).")
    private int linkPort = LINK_PORT;

    @Option(
            names = "--router-http-port",
            paramLabel = "PORT",
            description = "Port for HTTP; 0 takes any free one (default: 80 if it can be had, else 8080).")
    private @Nullable Integer routerHttpPort;

    @Option(
            names = "--router-https-port",
            paramLabel = "PORT",
            description = "Port for HTTPS; 0 takes any free one (default: 443 if it can be had, else 8443).")
    private @Nullable Integer routerHttpsPort;

    @Option(
            names = "--discoverd-port",
            paramLabel = "PORT",
            description = "Port of discovery's HTTP API, or off (default: 1111, any free one if that is taken).")
    private @Nullable String discoverdPort;

    @Option(
            names = "--dns-port",
            paramLabel = "PORT",
            description = "Port of DNS for services, or off (default: 53, any free one if that is taken).")
    private @Nullable String dnsPort;

    @Option(
            names = "--tags",
            paramLabel = "KEY=VALUE,…",
            defaultValue = "",
            description = "Tags of this host at its first start; later: flynn-host tags.")
    private String tags = "";

    @Option(
            names = "--discovery",
            paramLabel = "TOKEN",
            description = "Find the cluster by this list of hosts: what 'flynn-host init --init-discovery' printed.")
    private @Nullable String discovery;

    @Option(names = "--peer-ips", paramLabel = "IPLIST", description = "Find the cluster by these hosts of it: IP,IP,…")
    private @Nullable String peerIps;

    @Option(
            names = "--join-token-file",
            paramLabel = "FILE",
            description = "Holds the right to join the cluster; of no use afterwards.")
    private @Nullable Path joinTokenFile;

    @Option(
            names = {"--http-port", "--host-api-port"},
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
            description = "Is written, with the host's id, once the host takes part in its cluster.")
    private @Nullable Path readyFile;

    @Override
    public Integer call() {
        return new Daemon(options(), System.err).run();
    }

    private DaemonOptions options() {
        AppBackend.requireKnown(backend);
        String external = externalIp != null ? externalIp : ExternalIp.find();
        Optional<JoinLine> line = Optional.ofNullable(discovery).map(JoinLine::parse);
        return new DaemonOptions(
                dataDirectory,
                Optional.ofNullable(id),
                external,
                listenIp != null ? listenIp : external,
                linkPort,
                optional(routerHttpPort),
                optional(routerHttpsPort),
                port("--discoverd-port", discoverdPort, DISCOVERD_PORT),
                port("--dns-port", dnsPort, DNS_PORT),
                port("--http-port", hostApiPort, HostApiServer.USUAL_PORT),
                insecureHostApi,
                router.choice(),
                backend,
                network.settings(System.getenv()),
                partitions.partitions(),
                images.settings(System.getenv()),
                parseTags(tags),
                line.map(JoinLine::list),
                peerIps == null
                        ? List.of()
                        : Stream.of(peerIps.split(","))
                                .map(String::strip)
                                .filter(ip -> !ip.isEmpty())
                                .toList(),
                joinTokenFile != null ? Optional.of(read(joinTokenFile)) : line.flatMap(JoinLine::joinToken),
                Optional.ofNullable(readyFile));
    }

    private static OptionalInt optional(@Nullable Integer port) {
        return port == null ? OptionalInt.empty() : OptionalInt.of(port);
    }

    private static ServerPort port(String option, @Nullable String wanted, int usual) {
        return wanted == null ? ServerPort.usually(usual) : ServerPort.parse(option, wanted);
    }

    /** {@code foo} is {@code foo=true}, {@code foo=} has an empty value, {@code foo=a=b} the value {@code a=b}. */
    static Map<String, String> parseTags(String text) {
        Map<String, String> parsed = new LinkedHashMap<>();
        for (String tag : text.split(",")) {
            if (!tag.isEmpty()) {
                int equals = tag.indexOf('=');
                parsed.put(
                        equals < 0 ? tag : tag.substring(0, equals), equals < 0 ? "true" : tag.substring(equals + 1));
            }
        }
        return parsed;
    }

    private static JoinToken read(Path file) {
        try {
            return JoinToken.parse(Files.readString(file));
        } catch (IOException e) {
            throw FlynnException.invalid("cannot read --join-token-file %s: %s".formatted(file, e));
        }
    }
}
