package dev.flynn.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
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
final class OneHost implements Cluster {

    private static final Duration START = Duration.ofSeconds(90);

    private final Path directory;
    private final int httpPort;
    private final int httpsPort;
    private final List<String> extra;
    private final Map<String, String> environment = new HashMap<>();
    private @Nullable Process process;

    private OneHost(Path directory, int httpPort, int httpsPort, List<String> extra) {
        this.directory = directory;
        this.httpPort = httpPort;
        this.httpsPort = httpsPort;
        this.extra = extra;
    }

    /** Starts flynn-host below a directory and does not wait for it. */
    static OneHost begin(Path directory) {
        var cluster = new OneHost(directory, Processes.freePort(), Processes.freePort(), List.of());
        cluster.launch();
        return cluster;
    }

    /** Starts a cluster below a directory and adds it to that directory's home. */
    static OneHost start(Path directory, String... options) {
        var cluster = new OneHost(directory, Processes.freePort(), Processes.freePort(), List.of(options));
        cluster.up();
        cluster.addUser();
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
            if (!extra.contains("--backend")) {
                command.addAll(List.of("--backend", System.getProperty("flynn.backend", "process")));
            }
            command.addAll(List.of("--router", System.getProperty("flynn.router", "netty")));
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
        Processes.kill(running());
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

    @Override
    public String addLine() {
        return read(readyFile())
                .lines()
                .filter(line -> line.startsWith("flynn cluster add"))
                .findFirst()
                .orElseThrow();
    }

    @Override
    public Path home() {
        return directory.resolve("home");
    }

    Path dataDirectory() {
        return directory.resolve("data");
    }

    private Path readyFile() {
        return directory.resolve("ready");
    }

    @Override
    public int httpPort() {
        return httpPort;
    }

    @Override
    public int httpsPort() {
        return httpsPort;
    }

    @Override
    public void close() {
        if (process != null) {
            Processes.stop(process);
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
