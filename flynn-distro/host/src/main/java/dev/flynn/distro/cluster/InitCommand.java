package dev.flynn.distro.cluster;

import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.IdentityFiles;
import dev.flynn.identity.JoinToken;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes the file with which the daemon of a host of a cluster starts. */
@Command(
        name = "init",
        description = "Writes the file with which this host's daemon starts, so that it finds its cluster.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Example, on the first host:   DISCOVERY_SERVER=http://192.0.2.9:1115 flynn-host init --init-discovery",
            "         on every other:      flynn-host init --discovery 'LINE'",
            "The first prints the line: the URL of the list of hosts, and after '#' the right to join for 24 hours.",
            "Later: flynn-host init --peer-ips 192.0.2.11 --join-token TOKEN, with a token of 'flynn-host token create'.",
        })
public final class InitCommand implements Callable<Integer> {

    private static final String TOKEN_FILE = "join-token";
    private static final Path DEFAULT_DATA = Path.of("/var/lib/flynn");

    @Option(
            names = "--init-discovery",
            description = "Make a list of hosts at $DISCOVERY_SERVER, and print the line that others join with.")
    private boolean initDiscovery;

    @Option(
            names = "--discovery",
            paramLabel = "TOKEN",
            description = "Find the cluster, and join it, by the line that --init-discovery printed.")
    private @Nullable String discovery;

    @Option(names = "--peer-ips", paramLabel = "IPLIST", description = "Join the cluster of these hosts: IP,IP,…")
    private @Nullable String peerIps;

    @Option(
            names = "--external-ip",
            paramLabel = "IP",
            description = "Address at which other hosts reach this one (default: that of the default route).")
    private @Nullable String externalIp;

    @Option(
            names = "--join-token",
            paramLabel = "TOKEN",
            description = "The right to join, from 'flynn-host token create'; kept in a file of its own for root only.")
    private @Nullable String joinToken;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Data directory of this host's daemon (default: /var/lib/flynn).")
    private @Nullable Path dataDirectory;

    @Option(
            names = "--file",
            paramLabel = "FILE",
            defaultValue = "/etc/flynn/host.json",
            description = "Where to write (default: ${DEFAULT-VALUE}).")
    private Path file = Path.of("/etc/flynn/host.json");

    @Override
    public Integer call() {
        return run(System.getenv(), InitCommand.class.getPackage().getImplementationVersion());
    }

    Integer run(Map<String, String> environment, @Nullable String version) {
        Optional<JoinLine> line = initDiscovery
                ? Optional.of(prepareCluster(environment, version == null ? "dev" : version))
                : Optional.ofNullable(discovery).map(JoinLine::parse);
        Optional<JoinToken> token = joinToken != null
                ? Optional.of(JoinToken.parse(joinToken))
                : line.flatMap(JoinLine::joinToken).filter(copied -> !initDiscovery);
        List<String> args = new ArrayList<>();
        line.ifPresent(found -> args.addAll(List.of("--discovery", found.list().url())));
        if (externalIp != null) {
            args.addAll(List.of("--external-ip", externalIp));
        }
        if (peerIps != null) {
            args.addAll(List.of("--peer-ips", peerIps));
        }
        if (dataDirectory != null) {
            args.addAll(List.of("--data-dir", dataDirectory.toString()));
        }
        if (token.isPresent()) {
            Path secret = file.toAbsolutePath().resolveSibling(TOKEN_FILE);
            HostFile.write(secret, token.get().text() + "\n", "rw-------");
            args.addAll(List.of("--join-token-file", secret.toString()));
        }
        new HostFile(args, Map.of()).write(file);
        if (initDiscovery) {
            line.ifPresent(made -> System.out.println(made.text()));
        }
        return 0;
    }

    /** Makes the list of hosts, and the authority that this host's daemon will found the cluster with. */
    private JoinLine prepareCluster(Map<String, String> environment, String version) {
        String server = environment.getOrDefault(DiscoveryToken.SERVER_VARIABLE, "");
        if (server.isEmpty()) {
            throw FlynnException.invalid(
                    "set %s to the discovery service that is to be used, such as http://192.0.2.9:1115; run one with 'flynn-host discovery-service'"
                            .formatted(DiscoveryToken.SERVER_VARIABLE));
        }
        DiscoveryToken list = DiscoveryToken.create(server, version);
        Path data = dataDirectory != null ? dataDirectory : DEFAULT_DATA;
        JoinToken token = new IdentityFiles(data.resolve("identity"))
                .prepareFounding(Clock.systemUTC().instant());
        return new JoinLine(list, Optional.of(token));
    }
}
