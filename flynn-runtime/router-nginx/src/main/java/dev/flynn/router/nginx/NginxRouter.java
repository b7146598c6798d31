package dev.flynn.router.nginx;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.NamedThreads;
import dev.flynn.router.nginx.Acceptance.Accepted;
import dev.flynn.spi.router.ApplyResult;
import dev.flynn.spi.router.ApplyResult.Problem;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Certificate;
import dev.flynn.spi.router.Router;
import dev.flynn.spi.router.RouterCapability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
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
    private final DirectoryClaim claim;
    private final CertificateStore certificates;
    private final Acceptance acceptance;
    private final ScheduledExecutorService restarts;
    private final Object lock = new Object();

    // under the lock
    private NginxProcess process;
    private String configuration;
    private Set<Integer> tcpPorts;
    private boolean closed;

    private NginxRouter(NginxSettings settings, DirectoryClaim claim, RouteTable table) {
        this.settings = settings;
        this.claim = claim;
        certificates = new CertificateStore(settings.certificates());
        settings.defaultCertificate().ifPresent(certificates::write);
        acceptance = new Acceptance(settings, certificates);
        Accepted first = acceptance.of(
                table.supportedBy(capabilities(), unused -> {}), Set.of(), Optional.empty(), new ArrayList<>());
        configuration = first.configuration();
        tcpPorts = first.tcpPorts();
        PrivateFiles.write(settings.configuration(), configuration);
        process = NginxProcess.start(settings);
        restarts = java.util.concurrent.Executors.newSingleThreadScheduledExecutor(
                new NamedThreads("nginx-" + settings.httpPort()));
        process.onEnd(this::restartSoon);
    }

    /** @param directory of its own, where configuration and keys lie */
    public static Builder builder(Path directory) {
        Path absolute = requireNonNull(directory, "directory").toAbsolutePath();
        return new Builder(() -> DirectoryClaim.of(absolute));
    }

    /** @param parent below which each router finds a directory for itself */
    static Builder below(Path parent) {
        return new Builder(() -> DirectoryClaim.firstFree(parent.toAbsolutePath()));
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
            Accepted next = acceptance.of(table, tcpPorts, Optional.of(configuration), problems);
            if (!next.configuration().equals(configuration)) {
                take(next.configuration());
                tcpPorts = next.tcpPorts();
            }
            certificates.keep(next.certificates());
            return new ApplyResult(problems);
        }
    }

    private void take(String next) {
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
            claim.close();
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

    private static void deleteAll(Path directory) {
        try {
            PrivateFiles.deleteAll(directory);
        } catch (IOException e) {
            log.atWarn().addKeyValue("directory", directory).log("a directory of nginx could not be deleted");
        }
    }

    /** Settings are those of {@link NginxRouterFactory}. */
    public static final class Builder {

        private static final Duration CLOSE_GRACE = Duration.ofSeconds(10);
        private static final int START_ATTEMPTS = 5;

        private final Supplier<DirectoryClaim> claims;
        private Optional<Path> binary = Optional.empty();
        private String listenIp = "0.0.0.0";
        private int httpPort;
        private Optional<Integer> httpsPort = Optional.empty();
        private Optional<Certificate> defaultCertificate = Optional.empty();
        private Optional<byte[]> cookieKey = Optional.empty();
        private Duration closeGrace = CLOSE_GRACE;
        private int workers = Math.max(1, Runtime.getRuntime().availableProcessors());
        private boolean sharesPorts;
        private RouteTable table = RouteTable.EMPTY;

        private Builder(Supplier<DirectoryClaim> claims) {
            this.claims = claims;
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
            httpPort = Ports.require("http-port", value);
            return this;
        }

        /** 0 is a free one. Needs a {@link #defaultCertificate}. */
        public Builder httpsPort(int value) {
            httpsPort = Optional.of(Ports.require("https-port", value));
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
         * Lets another router that shares its ports, of the same user, listen on the same ones, so that the one replaces the
         * other.
         */
        public Builder sharePorts() {
            sharesPorts = true;
            return this;
        }

        /** What to serve from the first request on; an empty table if not told. What it cannot do is left out. */
        public Builder table(RouteTable value) {
            table = requireNonNull(value, "table");
            return this;
        }

        /**
         * Starts an nginx.
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
            DirectoryClaim claim = claims.get();
            Path bodies = bodies();
            try {
                PrivateFiles.directory(claim.directory().resolve("certificates"));
                return start(found, key, claim, bodies);
            } catch (RuntimeException e) {
                deleteAll(bodies);
                claim.close();
                throw e;
            }
        }

        private NginxRouter start(NginxBinary found, byte[] key, DirectoryClaim claim, Path bodies) {
            boolean chosen =
                    httpPort == 0 || httpsPort.filter(port -> port == 0).isPresent();
            for (int attempt = 1; ; attempt++) {
                NginxSettings settings = new NginxSettings(
                        found,
                        claim.directory(),
                        bodies,
                        listenIp,
                        httpPort == 0 ? Ports.free(listenIp) : httpPort,
                        httpsPort.map(port -> port == 0 ? Ports.free(listenIp) : port),
                        defaultCertificate,
                        key,
                        closeGrace,
                        workers,
                        sharesPorts);
                try {
                    return new NginxRouter(settings, claim, table);
                } catch (FlynnException e) {
                    // a port that was free a moment ago may be taken now
                    if (!chosen
                            || attempt == START_ATTEMPTS
                            || !String.valueOf(e.getMessage()).contains("bind()")) {
                        throw e;
                    }
                }
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

        private static byte[] randomKey() {
            byte[] key = new byte[COOKIE_KEY_BYTES];
            new SecureRandom().nextBytes(key);
            return key;
        }
    }
}
