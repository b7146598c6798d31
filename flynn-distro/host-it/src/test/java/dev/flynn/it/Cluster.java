package dev.flynn.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** A one-host cluster: {@code flynn-host up} on ports of its own, and a user who has added it to the command line. */
final class Cluster implements AutoCloseable {

    static final String DOMAIN = "flynn.localhost";
    private static final Duration START = Duration.ofSeconds(90);

    private final Path directory;
    private final int httpPort;
    private final int httpsPort;
    private final List<String> extra;
    private final Map<String, String> environment = new HashMap<>();
    private @Nullable Process process;

    private Cluster(Path directory, int httpPort, int httpsPort, List<String> extra) {
        this.directory = directory;
        this.httpPort = httpPort;
        this.httpsPort = httpsPort;
        this.extra = extra;
    }

    /** Starts flynn-host below a directory and does not wait for it. */
    static Cluster begin(Path directory) {
        var cluster = new Cluster(directory, freePort(), freePort(), List.of());
        cluster.launch();
        return cluster;
    }

    /** Starts a cluster below a directory and adds it to that directory's home. */
    static Cluster start(Path directory, String... options) {
        var cluster = new Cluster(directory, freePort(), freePort(), List.of(options));
        cluster.up();
        cluster.user().run(cluster.addLine());
        cluster.user()
                .run("git config --global user.name Ada && git config --global user.email ada@example.com"
                        + " && git config --global init.defaultBranch master");
        return cluster;
    }

    /** A variable of the environment that flynn-host is started in from now on. */
    void withVariable(String name, String value) {
        environment.put(name, value);
    }

    /** Starts flynn-host and waits until everything answers. */
    void up() {
        Process started = launch();
        Awaitility.await("the cluster answers")
                .atMost(START)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> Files.exists(readyFile()) || !started.isAlive());
        assertThat(started.isAlive()).as("flynn-host: %s", output()).isTrue();
    }

    private Process launch() {
        try {
            Files.createDirectories(home());
            Files.deleteIfExists(readyFile());
            // whoever runs the tests in the background has SIGINT ignored, and children inherit that
            List<String> command = new ArrayList<>(List.of(
                    "env",
                    "--default-signal=INT",
                    Distribution.bin().resolve("flynn-host").toString(),
                    "up",
                    "--data-dir",
                    dataDirectory().toString(),
                    "--domain",
                    DOMAIN,
                    "--http-port",
                    String.valueOf(httpPort),
                    "--https-port",
                    String.valueOf(httpsPort),
                    "--ready-file",
                    readyFile().toString()));
            String backend = System.getProperty("flynn.backend");
            if (backend != null) {
                command.addAll(List.of("--backend", backend));
            }
            command.addAll(extra);
            File log = directory.resolve("flynn-host.out").toFile();
            var builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log));
            builder.environment().putAll(environment);
            Process started = builder.start();
            process = started;
            return started;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Ends flynn-host as a power cut would. */
    void kill() {
        Process running = running();
        running.destroyForcibly();
        running.onExit().join();
    }

    /** Ends flynn-host as Ctrl-C would and gives its exit status. */
    int interrupt() {
        Process running = running();
        try {
            new ProcessBuilder("kill", "-INT", String.valueOf(running.pid()))
                    .start()
                    .waitFor();
            assertThat(running.waitFor(30, TimeUnit.SECONDS))
                    .as("stops within 30 s")
                    .isTrue();
            return running.exitValue();
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    long pid() {
        return running().pid();
    }

    private Process running() {
        if (process == null) {
            throw new IllegalStateException("not started");
        }
        return process;
    }

    /** What an operator sees. */
    String output() {
        return read(directory.resolve("flynn-host.out"));
    }

    /** The line that adds this cluster to the command line. */
    String addLine() {
        return read(readyFile())
                .lines()
                .filter(line -> line.startsWith("flynn cluster add"))
                .findFirst()
                .orElseThrow();
    }

    String key() {
        String[] words = addLine().split(" ", -1);
        return words[words.length - 1];
    }

    Shell user() {
        return Shell.at(home());
    }

    Path home() {
        return directory.resolve("home");
    }

    Path dataDirectory() {
        return directory.resolve("data");
    }

    private Path readyFile() {
        return directory.resolve("ready");
    }

    /** The plain URL of an app. */
    String url(String app) {
        return "http://%s.%s:%d".formatted(app, DOMAIN, httpPort);
    }

    int httpPort() {
        return httpPort;
    }

    int httpsPort() {
        return httpsPort;
    }

    String controllerUrl() {
        return "https://controller.%s:%d".formatted(DOMAIN, httpsPort);
    }

    @Override
    public void close() {
        if (process != null && process.isAlive()) {
            process.destroy();
            try {
                if (!process.waitFor(30, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }

    static int freePort() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
