package dev.flynn.containers.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.model.Version;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.core.RemoteApiVersion;
import com.github.dockerjava.zerodep.ZerodepDockerHttpClient;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** The engine: its client, and what it is. Thread-safe. */
final class Engine implements AutoCloseable {

    /** What this backend was written for. */
    private static final RemoteApiVersion OURS = RemoteApiVersion.create(1, 44);

    /** Engine 20.10 speaks 1.41, as podman 4 does. */
    private static final RemoteApiVersion OLDEST = RemoteApiVersion.create(1, 40);

    private static final String UNIX = "unix://";
    private static final Duration CONNECTION_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration RESPONSE_TIMEOUT = Duration.ofMinutes(5);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private final DockerClient client;
    private final Path socket;
    private final RemoteApiVersion version;
    private final boolean podman;

    private Engine(DockerClient client, Path socket, RemoteApiVersion version, boolean podman) {
        this.client = client;
        this.socket = socket;
        this.version = version;
        this.podman = podman;
    }

    /** @param host such as {@code unix:///var/run/docker.sock} */
    static Engine open(String host) {
        if (!host.startsWith(UNIX) || host.length() == UNIX.length()) {
            throw FlynnException.invalidField(
                    "host",
                    "must be the socket of an engine on this machine, such as unix:///var/run/docker.sock, was \""
                            + host + "\"");
        }
        Path socket = Path.of(host.substring(UNIX.length()));
        if (!Files.exists(socket)) {
            throw FlynnException.unavailable(
                    "there is no engine at " + socket + "; start dockerd, or name another socket as host", null);
        }
        Version answer;
        try (DockerClient any = client(host, RemoteApiVersion.UNKNOWN_VERSION)) {
            answer = any.versionCmd().exec();
        } catch (IOException | RuntimeException e) {
            throw FlynnException.unavailable("the engine at " + socket + " does not answer: " + reason(e), e);
        }
        RemoteApiVersion version = negotiated(answer);
        return new Engine(client(host, version), socket, version, isPodman(answer));
    }

    private static DockerClient client(String host, RemoteApiVersion version) {
        var config = DefaultDockerClientConfig.createDefaultConfigBuilder()
                .withDockerHost(host)
                .withDockerTlsVerify(false)
                .withApiVersion(version)
                .build();
        return DockerClientImpl.getInstance(
                config,
                new ZerodepDockerHttpClient.Builder()
                        .dockerHost(URI.create(host))
                        .maxConnections(100)
                        .connectionTimeout(CONNECTION_TIMEOUT)
                        .responseTimeout(RESPONSE_TIMEOUT)
                        .build());
    }

    /** The newest version that both speak. */
    private static RemoteApiVersion negotiated(Version answer) {
        RemoteApiVersion newest = RemoteApiVersion.parseConfig(answer.getApiVersion());
        if (!newest.isGreaterOrEqual(OLDEST)) {
            throw FlynnException.unavailable(
                    "the engine speaks version %s of its API; %s or newer is needed, which is Docker 20.10"
                            .formatted(answer.getApiVersion(), OLDEST.getVersion()),
                    null);
        }
        String oldest = answer.getMinAPIVersion();
        if (oldest != null && !OURS.isGreaterOrEqual(RemoteApiVersion.parseConfig(oldest))) {
            throw FlynnException.unavailable(
                    "the engine speaks no version of its API before %s, and this backend none after %s; use an older engine"
                            .formatted(oldest, OURS.getVersion()),
                    null);
        }
        return newest.isGreaterOrEqual(OURS) ? OURS : newest;
    }

    private static boolean isPodman(Version answer) {
        return answer.getComponents() != null
                && answer.getComponents().stream()
                        .anyMatch(component -> component.getName() != null
                                && component.getName().startsWith("Podman"));
    }

    /** Podman, which speaks like a Docker engine and is not quite one. */
    boolean isPodman() {
        return podman;
    }

    /** Whether a terminal can be given its size before its process starts. */
    boolean sizesTerminals() {
        return !podman && version.isGreaterOrEqual(RemoteApiVersion.create(1, 42));
    }

    /**
     * Asks the engine.
     *
     * @throws DockerException it refused
     * @throws EngineAwayException it did not answer
     */
    <T> T ask(Asking<T> asking) {
        try {
            return asking.ask(client);
        } catch (DockerException refused) {
            throw refused;
        } catch (RuntimeException e) {
            if (isAway(e)) {
                throw new EngineAwayException("the engine at " + socket + " does not answer: " + reason(e), e);
            }
            throw e;
        }
    }

    void tell(Telling telling) {
        var unused = ask(client -> {
            telling.tell(client);
            return true;
        });
    }

    @FunctionalInterface
    interface Asking<T> {
        T ask(DockerClient client);
    }

    @FunctionalInterface
    interface Telling {
        void tell(DockerClient client);
    }

    EngineConnection upgrade(String path, String json) {
        return connect(() -> EngineConnection.upgrade(socket, versioned(path), json));
    }

    EngineConnection stream(String path) {
        return connect(() -> EngineConnection.stream(socket, versioned(path)));
    }

    private String versioned(String path) {
        return "/" + version.asWebPathPart() + path;
    }

    private EngineConnection connect(Connecting connecting) {
        try {
            return connecting.connect();
        } catch (IOException e) {
            throw new EngineAwayException("the engine at " + socket + " does not answer: " + reason(e), e);
        }
    }

    @FunctionalInterface
    private interface Connecting {
        EngineConnection connect() throws IOException;
    }

    /** Repeats what does no harm when it is done twice, for as long as the engine is away and the caller wants it. */
    <T> T persist(Attempt<T> attempt, BooleanSupplier wanted) throws InterruptedException {
        Duration pause = FIRST_PAUSE;
        while (true) {
            try {
                return attempt.make();
            } catch (EngineAwayException e) {
                if (!wanted.getAsBoolean()) {
                    throw e;
                }
            }
            Thread.sleep(pause.toMillis());
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        }
    }

    @FunctionalInterface
    interface Attempt<T> {
        T make() throws InterruptedException;
    }

    private static boolean isAway(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof IOException) {
                return true;
            }
        }
        return false;
    }

    /** What the engine or the machine said, without the classes of the client. */
    static String reason(Throwable failure) {
        Throwable cause = failure;
        while (!(cause instanceof DockerException) && cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        return EngineMessage.of(message);
    }

    @Override
    public void close() {
        try {
            client.close();
        } catch (IOException e) {
            // nothing is written by closing it
        }
    }
}
