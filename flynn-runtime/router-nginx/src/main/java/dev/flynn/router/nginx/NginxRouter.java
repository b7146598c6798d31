package dev.flynn.router.nginx;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.NamedThreads;
import dev.flynn.router.nginx.CertificateStore.PrivateFiles;
import dev.flynn.router.nginx.NginxConfig.CertificateFiles;
import dev.flynn.spi.router.ApplyResult;
import dev.flynn.spi.router.ApplyResult.Problem;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Certificate;
import dev.flynn.spi.router.Router;
import dev.flynn.spi.router.RouterCapability;
import dev.flynn.spi.router.TcpRoute;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A router that writes the configuration of an nginx, and runs it.
 *
 * <pre>{@code
 * try (NginxRouter router = NginxRouter.builder(directory).httpPort(8080).build()) {
 *     router.apply(table);
 *     …
 * }
 * }</pre>
 *
 * <p>Each change of the table is a new configuration, which nginx has checked before it takes over. Its old workers finish
 * what they have begun. An nginx that dies is started again. Thread-safe.
 */
public final class NginxRouter implements Router {

    private static final Logger log = LoggerFactory.getLogger(NginxRouter.class);

    private static final Duration RESTART_DELAY = Duration.ofMillis(200);
    private static final Duration CLOSED_PATIENCE = Duration.ofSeconds(5);
    private static final int COOKIE_KEY_BYTES = 32;

    private final NginxSettings settings;
    private final CertificateStore certificates;
    private final ScheduledExecutorService restarts;
    private final Object lock = new Object();

    // under the lock
    private NginxProcess process;
    private String configuration;
    private Set<Integer> tcpPorts = Set.of();
    private boolean closed;

    private NginxRouter(NginxSettings settings) {
        this.settings = settings;
        certificates = new CertificateStore(settings);
        settings.defaultCertificate().ifPresent(certificate -> {
            certificates.write(certificate);
            certificates.fault(certificate).ifPresent(fault -> {
                throw FlynnException.invalidField("tls-cert", "must be a certificate that nginx can use: " + fault);
            });
        });
        configuration = NginxConfig.render(settings, new Plan(RouteTable.EMPTY, NginxRouter::resolve), Map.of());
        PrivateFiles.write(settings.configuration(), configuration);
        process = NginxProcess.start(settings);
        restarts = java.util.concurrent.Executors.newSingleThreadScheduledExecutor(
                new NamedThreads("nginx-" + settings.httpPort()));
        process.onEnd(this::restartSoon);
    }

    /** @param directory of its own, where configuration and keys lie */
    public static Builder builder(Path directory) {
        return new Builder(directory);
    }

    @Override
    public Set<RouterCapability> capabilities() {
        return capabilities(settings);
    }

    private static Set<RouterCapability> capabilities(NginxSettings settings) {
        EnumSet<RouterCapability> capabilities = EnumSet.of(
                RouterCapability.UPGRADE,
                RouterCapability.STICKY,
                RouterCapability.WEIGHTS,
                RouterCapability.HEADERS,
                RouterCapability.MAINTENANCE,
                RouterCapability.BODY_LIMIT,
                RouterCapability.CONCURRENCY_LIMIT,
                RouterCapability.RATE_LIMIT,
                RouterCapability.TIMEOUTS,
                RouterCapability.KEEP_ALIVE_SWITCH);
        if (settings.binary().streams()) {
            capabilities.add(RouterCapability.TCP);
        }
        if (settings.httpsPort().isPresent()) {
            capabilities.add(RouterCapability.TLS);
            capabilities.add(RouterCapability.HTTPS_REDIRECT);
            if (settings.binary().http2()) {
                capabilities.add(RouterCapability.HTTP_2);
            }
        }
        return Set.copyOf(capabilities);
    }

    /**
     * {@inheritDoc}
     *
     * <p>A backend's name that is not an IP address is resolved once, here.
     *
     * @throws FlynnException {@code VALIDATION} with nginx's own words if it refuses the configuration; {@code UNAVAILABLE}
     *     if it does not run
     */
    @Override
    public ApplyResult apply(RouteTable table) {
        table.requireSupported(capabilities());
        synchronized (lock) {
            if (closed) {
                throw new IllegalStateException("the router is closed");
            }
            List<Problem> problems = new ArrayList<>();
            RouteTable possible = withoutTakenPorts(table, problems);
            Plan plan = new Plan(possible, NginxRouter::resolve);
            problems.addAll(plan.problems());
            Map<String, CertificateFiles> files = certificateFiles(plan, problems);
            String next = NginxConfig.render(settings, plan, files);
            if (!next.equals(configuration)) {
                take(next);
                Set<Integer> ports = new HashSet<>();
                possible.tcpRoutes().forEach(route -> ports.add(route.port()));
                tcpPorts = ports;
            }
            List<Certificate> used = new ArrayList<>();
            settings.defaultCertificate().ifPresent(used::add);
            plan.routes().forEach(route -> route.source().certificate().ifPresent(used::add));
            certificates.keep(used);
            return new ApplyResult(problems);
        }
    }

    private void take(String next) {
        Path candidate = settings.directory().resolve("next.conf");
        PrivateFiles.write(candidate, next);
        Commands.Result verdict = NginxProcess.test(settings, candidate);
        if (verdict.status() != 0) {
            throw FlynnException.invalid(
                    "nginx refuses the configuration of the table: " + NginxProcess.firstFault(verdict.output()));
        }
        String before = configuration;
        PrivateFiles.write(settings.configuration(), next);
        configuration = next;
        try {
            if (process.isAlive()) {
                process.reload();
            } else {
                process = NginxProcess.start(settings);
                process.onEnd(this::restartSoon);
            }
        } catch (FlynnException e) {
            configuration = before;
            PrivateFiles.write(settings.configuration(), before);
            throw e;
        }
    }

    private Map<String, CertificateFiles> certificateFiles(Plan plan, List<Problem> problems) {
        Map<String, CertificateFiles> files = new HashMap<>();
        if (settings.httpsPort().isEmpty()) {
            return files;
        }
        for (Plan.Domain domain : plan.domains()) {
            domain.root()
                    .ifPresent(route -> route.source().certificate().ifPresent(certificate -> {
                        Optional<String> fault = certificates.fault(certificate);
                        fault.ifPresent(reason -> problems.add(new Problem(
                                route.source().id(),
                                "its certificate cannot be used, the default one takes its place: " + reason)));
                        if (fault.isEmpty()) {
                            files.put(route.name(), certificates.write(certificate));
                        }
                    }));
        }
        return files;
    }

    /** nginx would keep its former configuration if a single port were taken. */
    private RouteTable withoutTakenPorts(RouteTable table, List<Problem> problems) {
        List<TcpRoute> possible = new ArrayList<>();
        for (TcpRoute route : table.tcpRoutes()) {
            Optional<String> fault = tcpPorts.contains(route.port()) ? Optional.empty() : whyTaken(route.port());
            fault.ifPresent(reason -> problems.add(new Problem(
                    route.id(),
                    "port %d on %s cannot be listened on: %s".formatted(route.port(), settings.listenIp(), reason))));
            if (fault.isEmpty()) {
                possible.add(route);
            }
        }
        return new RouteTable(table.routes(), possible, table.backends());
    }

    private Optional<String> whyTaken(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(settings.listenIp(), port));
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public InetSocketAddress httpAddress() {
        return new InetSocketAddress(settings.listenIp(), settings.httpPort());
    }

    @Override
    public Optional<InetSocketAddress> httpsAddress() {
        return settings.httpsPort().map(port -> new InetSocketAddress(settings.listenIp(), port));
    }

    /** The process id of the nginx that serves now. */
    long processId() {
        synchronized (lock) {
            return process.id();
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            dev.flynn.base.Executors.stop(restarts, "nginx", CLOSED_PATIENCE);
            process.quit(settings.closeGrace());
            deleteAll(settings.bodies());
        }
    }

    private void restartSoon() {
        try {
            var unused = restarts.schedule(this::restart, RESTART_DELAY.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException closing) {
            log.atDebug().log("nginx has ended");
        }
    }

    private void restart() {
        synchronized (lock) {
            if (closed || process.isAlive()) {
                return;
            }
            log.atError().log("nginx has died; it is started again");
            try {
                process = NginxProcess.start(settings);
                process.onEnd(this::restartSoon);
            } catch (RuntimeException e) {
                log.atError().setCause(e).log("nginx does not start; trying again");
                restartSoon();
            }
        }
    }

    private static Optional<String> resolve(String addr) {
        int colon = addr.lastIndexOf(':');
        if (colon < 1) {
            return Optional.empty();
        }
        String host = addr.substring(0, colon);
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        try {
            String address = InetAddress.getByName(bare).getHostAddress();
            return Optional.of((address.contains(":") ? "[" + address + "]" : address) + addr.substring(colon));
        } catch (UnknownHostException e) {
            log.atWarn().addKeyValue("backend", addr).log("the name of a backend is not known; it is left out");
            return Optional.empty();
        }
    }

    private static void deleteAll(Path directory) {
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(
                        Path visited, @org.jspecify.annotations.Nullable IOException failure) throws IOException {
                    Files.delete(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            log.atWarn().addKeyValue("directory", directory).log("a directory of nginx could not be deleted");
        }
    }

    /** Settings are those of {@link NginxRouterFactory}. */
    public static final class Builder {

        private static final Duration CLOSE_GRACE = Duration.ofSeconds(10);
        private static final int START_ATTEMPTS = 5;

        private final Path directory;
        private Optional<Path> binary = Optional.empty();
        private String listenIp = "0.0.0.0";
        private int httpPort;
        private Optional<Integer> httpsPort = Optional.empty();
        private Optional<Certificate> defaultCertificate = Optional.empty();
        private Optional<byte[]> cookieKey = Optional.empty();
        private Duration closeGrace = CLOSE_GRACE;
        private int workers = Math.max(1, Runtime.getRuntime().availableProcessors());

        private Builder(Path directory) {
            this.directory = requireNonNull(directory, "directory").toAbsolutePath();
        }

        /** The nginx to run, instead of the one that is installed. */
        public Builder binary(Path value) {
            binary = Optional.of(value);
            return this;
        }

        public Builder listenIp(String value) {
            listenIp = requireNonNull(value, "listenIp");
            return this;
        }

        /** 0 is a free one. */
        public Builder httpPort(int value) {
            httpPort = requirePort("http-port", value);
            return this;
        }

        /** 0 is a free one. Needs a {@link #defaultCertificate}. */
        public Builder httpsPort(int value) {
            httpsPort = Optional.of(requirePort("https-port", value));
            return this;
        }

        public Builder defaultCertificate(Certificate value) {
            defaultCertificate = Optional.of(value);
            return this;
        }

        /** 32 bytes, the same for all routers that shall understand each other's sticky sessions. */
        public Builder cookieKey(byte[] value) {
            if (value.length != COOKIE_KEY_BYTES) {
                throw FlynnException.invalidField(
                        "cookie-key", "must have %d bytes, has %d".formatted(COOKIE_KEY_BYTES, value.length));
            }
            cookieKey = Optional.of(value.clone());
            return this;
        }

        public Builder closeGrace(Duration value) {
            closeGrace = requireNonNull(value, "closeGrace");
            return this;
        }

        /** How many processes serve; one for each processor if not told. */
        public Builder workers(int value) {
            if (value < 1) {
                throw FlynnException.invalidField("workers", "must be at least 1, was " + value);
            }
            workers = value;
            return this;
        }

        /**
         * Starts an nginx that serves an empty table.
         *
         * @throws FlynnException {@code VALIDATION} naming the setting that is wrong, {@code UNAVAILABLE} if nginx does not
         *     start, such as because a port is taken
         */
        public NginxRouter build() {
            if (httpsPort.isPresent() && defaultCertificate.isEmpty()) {
                throw FlynnException.invalidField("tls-cert", "must be set, because https-port is");
            }
            NginxBinary found = NginxBinary.at(binary.orElseGet(NginxBinary::installed));
            byte[] key = cookieKey.orElseGet(Builder::randomKey);
            PrivateFiles.directory(directory);
            PrivateFiles.directory(directory.resolve("certificates"));
            Path bodies = bodies();
            boolean chosen =
                    httpPort == 0 || httpsPort.filter(port -> port == 0).isPresent();
            try {
                for (int attempt = 1; ; attempt++) {
                    NginxSettings settings = new NginxSettings(
                            found,
                            directory,
                            bodies,
                            listenIp,
                            httpPort == 0 ? freePort() : httpPort,
                            httpsPort.map(port -> port == 0 ? freePort() : port),
                            defaultCertificate,
                            key,
                            closeGrace,
                            workers);
                    try {
                        return new NginxRouter(settings);
                    } catch (FlynnException e) {
                        // a port that was free a moment ago may be taken now
                        if (!chosen
                                || attempt == START_ATTEMPTS
                                || !String.valueOf(e.getMessage()).contains("bind()")) {
                            throw e;
                        }
                    }
                }
            } catch (RuntimeException e) {
                deleteAll(bodies);
                throw e;
            }
        }

        /** Not private, because the workers of a master that is root are somebody else. */
        private static Path bodies() {
            try {
                return Files.setPosixFilePermissions(
                        Files.createTempDirectory("flynn-nginx-"), PosixFilePermissions.fromString("rwx--x--x"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private int freePort() {
            try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(listenIp))) {
                return socket.getLocalPort();
            } catch (IOException e) {
                throw FlynnException.unavailable("no port is free on %s (%s)".formatted(listenIp, e.getMessage()), e);
            }
        }

        private static byte[] randomKey() {
            byte[] key = new byte[COOKIE_KEY_BYTES];
            new SecureRandom().nextBytes(key);
            return key;
        }

        private static int requirePort(String name, int port) {
            if (port < 0 || port > 65_535) {
                throw FlynnException.invalidField(name, "must be a port from 0 to 65535, was " + port);
            }
            return port;
        }
    }
}
