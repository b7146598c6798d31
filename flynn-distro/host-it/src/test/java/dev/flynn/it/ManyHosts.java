package dev.flynn.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A cluster of several hosts: {@code flynn-host daemon} once for each, all on loopback, on ports of their own. Names of its
 * apps lead to each of them, by the port of its router.
 */
final class ManyHosts implements AutoCloseable {

    private static final Duration START = Duration.ofSeconds(60);

    private final Path directory;
    private final List<Host> hosts;
    private String addLine = "";

    private ManyHosts(Path directory, List<Host> hosts) {
        this.directory = directory;
        this.hosts = hosts;
    }

    /** Starts hosts below a directory, and bootstraps them: host1, host2 and so on. */
    static ManyHosts start(Path directory, int count) {
        var cluster = new ManyHosts(
                directory,
                IntStream.rangeClosed(1, count)
                        .mapToObj(number -> new Host(directory, "host" + number))
                        .toList());
        try {
            cluster.form();
            return cluster;
        } catch (RuntimeException | AssertionError e) {
            cluster.close();
            throw e;
        }
    }

    private void form() {
        Host first = hosts.get(0);
        first.start(List.of());
        first.awaitReady();
        String token = first.shell()
                .run("flynn-host token create --uses %d --data-dir %s".formatted(hosts.size(), first.data))
                .strip();
        hosts.stream().skip(1).forEach(host -> host.join(token, first.linkAddress()));
        hosts.forEach(Host::awaitReady);
        Shell.Result bootstrap = hosts.get(hosts.size() - 1).bootstrap(hosts.size());
        assertThat(bootstrap.status()).as("%s%n%s", bootstrap, output()).isZero();
        addLine = bootstrap
                .err()
                .lines()
                .filter(line -> line.startsWith("flynn cluster add"))
                .findFirst()
                .orElseThrow();
    }

    Host host(int index) {
        return hosts.get(index);
    }

    List<Host> hosts() {
        return hosts;
    }

    /** What an operator sees. */
    String output() {
        return String.join("\n", hosts.stream().map(Host::output).toList());
    }

    /** The cluster as somebody sees it who speaks with one host only; closing it ends the whole cluster. */
    Cluster through(int index) {
        var cluster = new Through(hosts.get(index));
        cluster.addUser();
        return cluster;
    }

    @Override
    public void close() {
        hosts.forEach(Host::beginStop);
        hosts.forEach(Host::stop);
    }

    private final class Through implements Cluster {

        private final Host host;

        Through(Host host) {
            this.host = host;
            try {
                Files.createDirectories(home());
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public int httpPort() {
            return host.httpPort;
        }

        @Override
        public int httpsPort() {
            return host.httpsPort;
        }

        @Override
        public String[] urls(String app) {
            return hosts.stream()
                    .map(any -> "http://%s.%s:%d".formatted(app, DOMAIN, any.httpPort))
                    .toArray(String[]::new);
        }

        @Override
        public String addLine() {
            return addLine.replaceAll(DOMAIN + "(:\\d+)?", DOMAIN + ":" + host.httpsPort);
        }

        @Override
        public Path home() {
            return directory.resolve("home-of-" + host.id);
        }

        @Override
        public void close() {
            ManyHosts.this.close();
        }
    }

    /** One of the hosts, running or not. */
    static final class Host {

        private final Path directory;
        private final String id;
        private final Path data;
        private final int linkPort = Processes.freePort();
        private final int httpPort = Processes.freePort();
        private final int httpsPort = Processes.freePort();
        private @Nullable Process process;

        Host(Path cluster, String id) {
            this.directory = cluster.resolve(id);
            this.id = id;
            this.data = directory.resolve("data");
            try {
                Files.createDirectories(directory);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        String id() {
            return id;
        }

        Path data() {
            return data;
        }

        int httpPort() {
            return httpPort;
        }

        Shell shell() {
            return Shell.at(directory);
        }

        private String linkAddress() {
            return "127.0.0.1:" + linkPort;
        }

        private void join(String token, String peer) {
            try {
                Path file = Files.writeString(directory.resolve("join-token"), token + "\n");
                start(List.of("--peer-ips", peer, "--join-token-file", file.toString()));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        /** Starts a host that belongs to its cluster. */
        void start() {
            start(List.of());
        }

        private void start(List<String> options) {
            try {
                Files.deleteIfExists(readyFile());
                Stream<String> command = Stream.of(
                        Distribution.bin().resolve("flynn-host").toString(),
                        "daemon",
                        "--backend", // on one machine they would share a bridge
                        "process",
                        "--id",
                        id,
                        "--data-dir",
                        data.toString(),
                        "--external-ip",
                        "127.0.0.1",
                        "--link-port",
                        String.valueOf(linkPort),
                        "--router-http-port",
                        String.valueOf(httpPort),
                        "--router-https-port",
                        String.valueOf(httpsPort),
                        "--discoverd-port",
                        "0",
                        "--dns-port",
                        "0",
                        "--ready-file",
                        readyFile().toString());
                var builder = new ProcessBuilder(
                                Stream.concat(command, options.stream()).toList())
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(
                                directory.resolve("flynn-host.out").toFile()));
                builder.environment().put("FLYNN_HOST_CONFIG", "");
                process = builder.start();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        void awaitReady() {
            await("%s takes part in its cluster".formatted(id))
                    .atMost(START)
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> Files.exists(readyFile()) || !isRunning());
            assertThat(isRunning()).as("%s: %s", id, output()).isTrue();
        }

        private Shell.Result bootstrap(int hosts) {
            return shell().with("CLUSTER_DOMAIN", Cluster.DOMAIN)
                    .attempt("flynn-host bootstrap --min-hosts %d --data-dir %s".formatted(hosts, data));
        }

        boolean isRunning() {
            return process != null && process.isAlive();
        }

        /** Ends it as a power cut would. */
        void kill() {
            if (process != null) {
                Processes.kill(process);
            }
        }

        private void beginStop() {
            if (process != null) {
                process.destroy();
            }
        }

        void stop() {
            if (process != null) {
                Processes.stop(process);
            }
        }

        private Path readyFile() {
            return directory.resolve("ready");
        }

        String output() {
            List<String> lines = new ArrayList<>();
            lines.add(id + ":");
            try {
                lines.addAll(Files.readAllLines(directory.resolve("flynn-host.out")));
            } catch (IOException notStarted) {
                lines.add(notStarted.toString());
            }
            return String.join("\n", lines);
        }
    }
}
