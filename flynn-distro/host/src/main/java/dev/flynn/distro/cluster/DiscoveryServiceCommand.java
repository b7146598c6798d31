package dev.flynn.distro.cluster;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs a discovery service in the foreground. */
@Command(
        name = "discovery-service",
        description =
                "Runs a service at which the hosts of new clusters find each other. Any machine will do; Ctrl-C stops it.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host discovery-service --listen-ip 192.0.2.9 --data-dir /var/lib/flynn-discovery"
        })
public final class DiscoveryServiceCommand implements Callable<Integer> {

    @Option(
            names = "--listen-ip",
            paramLabel = "IP",
            defaultValue = "0.0.0.0",
            description = "Address to listen on (default: ${DEFAULT-VALUE}: all).")
    private String listenIp = "0.0.0.0";

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "1115",
            description = "Port; 0 takes any free one (default: ${DEFAULT-VALUE}).")
    private int port = 1115;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = "/var/lib/flynn-discovery",
            description = "Where the lists of hosts are kept (default: ${DEFAULT-VALUE}).")
    private Path dataDirectory = Path.of("/var/lib/flynn-discovery");

    @Override
    public Integer call() throws Exception {
        var stop = new CountDownLatch(1);
        var stopped = new CountDownLatch(1);
        try (var service =
                new DiscoveryService(new InetSocketAddress(listenIp, port), dataDirectory, Clock.systemUTC())) {
            System.err.printf(
                    "flynn-host: discovery service on port %d; on hosts: export %s=http://THIS-MACHINE:%d%n",
                    service.address().getPort(),
                    DiscoveryToken.SERVER_VARIABLE,
                    service.address().getPort());
            Runtime.getRuntime().addShutdownHook(new Thread(() -> awaitStop(stop, stopped), "discovery-service-stop"));
            stop.await();
        } finally {
            stopped.countDown();
        }
        return 0;
    }

    private static void awaitStop(CountDownLatch stop, CountDownLatch stopped) {
        stop.countDown();
        try {
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
