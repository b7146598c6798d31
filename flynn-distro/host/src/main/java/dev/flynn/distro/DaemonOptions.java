package dev.flynn.distro;

import dev.flynn.distro.backends.AppImageSettings;
import dev.flynn.distro.backends.NetworkSettings;
import dev.flynn.distro.cluster.DiscoveryToken;
import dev.flynn.identity.JoinToken;
import dev.flynn.spi.container.Partitions;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the operator asked of {@code flynn-host daemon}.
 *
 * @param hostId wanted at the first start
 * @param externalIp where other hosts reach this one
 * @param listenIp where this host listens
 * @param linkPort for other hosts; 0 for any free one
 * @param routerHttp empty for the usual one; 0 for any free one
 * @param routerHttps likewise
 * @param discoverd where discovery's HTTP API is
 * @param dns where names of services are answered
 * @param hostApi where the host's HTTP API is
 * @param insecureHostApi whether it is open, on loopback
 * @param router what carries the requests
 * @param backend that runs the users' jobs
 * @param network of the jobs that have addresses of their own
 * @param appImages what is said of images
 * @param tags that this host has from its first start on
 * @param discovery a list of the cluster's hosts
 * @param peers other hosts of the cluster: {@code ip} or {@code ip:port}
 * @param joinToken the right to join the cluster
 * @param readyFile written once this host takes part in its cluster
 */
record DaemonOptions(
        Path dataDirectory,
        Optional<String> hostId,
        String externalIp,
        String listenIp,
        int linkPort,
        OptionalInt routerHttp,
        OptionalInt routerHttps,
        ServerPort discoverd,
        ServerPort dns,
        ServerPort hostApi,
        boolean insecureHostApi,
        RouterChoice router,
        String backend,
        NetworkSettings network,
        Partitions partitions,
        AppImageSettings appImages,
        Map<String, String> tags,
        Optional<DiscoveryToken> discovery,
        List<String> peers,
        Optional<JoinToken> joinToken,
        Optional<Path> readyFile) {}
