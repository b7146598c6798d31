package dev.flynn.distro;

import dev.flynn.distro.backends.AppImageSettings;
import dev.flynn.distro.backends.NetworkSettings;
import dev.flynn.spi.container.Partitions;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the operator asked of {@code flynn-host up}.
 *
 * @param domain under which apps and the platform's own services are reached; without a port
 * @param listenIp where jobs and services of this host listen, and the router unless it is told another address
 * @param httpPort empty for the usual one; 0 for any free one
 * @param httpsPort likewise
 * @param discoverd where discovery's HTTP API is
 * @param dns where names of services are answered
 * @param hostApi where the host's HTTP API is
 * @param insecureHostApi whether it is open, on loopback
 * @param router what carries the requests
 * @param backend that runs the users' jobs
 * @param network of the jobs that have addresses of their own
 * @param appImages what is said of images
 * @param readyFile written once everything answers, with the line that adds the cluster to the command line
 * @param untilReady whether to stop once everything answers
 */
record UpOptions(
        Path dataDirectory,
        String domain,
        String listenIp,
        OptionalInt httpPort,
        OptionalInt httpsPort,
        ServerPort discoverd,
        ServerPort dns,
        ServerPort hostApi,
        boolean insecureHostApi,
        RouterChoice router,
        String backend,
        NetworkSettings network,
        Partitions partitions,
        AppImageSettings appImages,
        Optional<Path> readyFile,
        boolean untilReady) {}
