package dev.flynn.distro.cluster;

import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.JoinToken;
import java.nio.file.Path;
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
            "         on every other:      flynn-host init --discovery URL --join-token TOKEN",
            "The first prints the URL; 'flynn-host token create' prints the join token.",
        })
public final class InitCommand implements Callable<Integer> {

    private static final String TOKEN_FILE = "join-token";

    @Option(
            names = "--init-discovery",
            description = "Make a discovery token at $DISCOVERY_SERVER, use it, and print it.")
    private boolean initDiscovery;

    @Option(
            names = "--discovery",
            paramLabel = "TOKEN",
            description = "Use this discovery token: the URL that --init-discovery printed.")
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
        List<String> args = new ArrayList<>();
        Optional<String> token =
                Optional.ofNullable(joinToken).map(text -> JoinToken.parse(text).text());
        discoveryToken(environment, version).ifPresent(found -> args.addAll(List.of("--discovery", found.url())));
        if (externalIp != null) {
            args.addAll(List.of("--external-ip", externalIp));
        }
        if (peerIps != null) {
            args.addAll(List.of("--peer-ips", peerIps));
        }
        if (token.isPresent()) {
            Path secret = file.toAbsolutePath().resolveSibling(TOKEN_FILE);
            HostFile.write(secret, token.get() + "\n", "rw-------");
            args.addAll(List.of("--join-token-file", secret.toString()));
        }
        new HostFile(args, Map.of()).write(file);
        return 0;
    }

    private Optional<DiscoveryToken> discoveryToken(Map<String, String> environment, @Nullable String version) {
        if (!initDiscovery) {
            return Optional.ofNullable(discovery).map(DiscoveryToken::new);
        }
        String server = environment.getOrDefault(DiscoveryToken.SERVER_VARIABLE, "");
        if (server.isEmpty()) {
            throw FlynnException.invalid(
                    "set %s to the discovery service that is to be used, such as http://192.0.2.9:1115; run one with 'flynn-host discovery-service'"
                            .formatted(DiscoveryToken.SERVER_VARIABLE));
        }
        DiscoveryToken created = DiscoveryToken.create(server, version == null ? "dev" : version);
        System.out.println(created.url());
        return Optional.of(created);
    }
}
