package dev.flynn.containers.docker;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.base.NamedThreads;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** An engine of a test's own, with everything that it writes in one directory, and an image that has a shell. */
final class TestEngine implements AutoCloseable {

    static final String SHELL = "localhost/flynn-test/shell:1";

    private static final Path BUSYBOX = Path.of("/bin/busybox");
    private static final AtomicInteger SUBNETS =
            new AtomicInteger((int) (ProcessHandle.current().pid() % 200));

    /** An engine ends with the thread that started it; those that tests run on come and go. */
    private static final ExecutorService PARENT =
            Executors.newSingleThreadExecutor(new NamedThreads("parent-of-engines"));

    private final Path directory;
    private final int subnet = SUBNETS.incrementAndGet() % 250;
    private Process process;

    private final boolean podman;

    private TestEngine(Path directory, boolean podman) {
        this.directory = directory;
        this.podman = podman;
    }

    /** Started with these options beyond its own; skips the test where there is no engine. */
    static TestEngine docker(String... options) throws IOException {
        assumeTrue(program("dockerd").isPresent(), "dockerd is missing; Debian's package is docker.io");
        assumeTrue(Files.isExecutable(BUSYBOX), "busybox is missing; Debian's package is busybox-static");
        assumeTrue("root".equals(System.getProperty("user.name")), "an engine is started by root");
        return started(new TestEngine(Files.createTempDirectory("flynn-docker"), false), options);
    }

    /** Podman's socket for Docker's clients; skips the test where it is not there. */
    static TestEngine podman() throws IOException {
        for (String name : List.of("podman", "catatonit", "conmon", "runc")) {
            assumeTrue(program(name).isPresent(), name + " is missing; so is Debian's package called");
        }
        assumeTrue(Files.isExecutable(BUSYBOX), "busybox is missing; Debian's package is busybox-static");
        assumeTrue("root".equals(System.getProperty("user.name")), "an engine is started by root");
        return started(new TestEngine(Files.createTempDirectory("flynn-podman"), true));
    }

    private static TestEngine started(TestEngine engine, String... options) throws IOException {
        try {
            run("mount", "-t", "tmpfs", "-o", "mode=700", "flynn-test", engine.directory.toString());
            engine.start(options);
            engine.importShell();
            return engine;
        } catch (IOException | RuntimeException e) {
            engine.close();
            throw e;
        }
    }

    private static Optional<Path> program(String name) {
        return Stream.of("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/sbin", "/bin")
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    void start(String... options) {
        List<String> command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "TERM"));
        command.addAll(podman ? podmanCommand() : dockerCommand());
        command.addAll(List.of(options));
        File log = directory.resolve("log").toFile();
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile()) // conmon writes to where it is
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log));
        builder.environment().put("CONTAINERS_CONF", "/dev/null");
        try {
            process = PARENT.submit(builder::start).get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("cannot start " + command, e);
        }
        await("the engine answers; its log is " + log)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(50))
                .until(this::answers);
    }

    private List<String> dockerCommand() {
        List<String> command = new ArrayList<>(List.of(
                program("dockerd").orElseThrow().toString(),
                "--data-root",
                directory + "/data",
                "--exec-root",
                directory + "/exec",
                "--pidfile",
                directory + "/pid",
                "--host",
                host(),
                "--bridge",
                "none",
                "--iptables=false",
                "--ip-forward=false",
                "--ip-masq=false",
                "--userland-proxy=false"));
        return command;
    }

    private List<String> podmanCommand() {
        return List.of(
                program("podman").orElseThrow().toString(),
                "--root",
                directory + "/data",
                "--runroot",
                directory + "/run",
                "--tmpdir",
                directory + "/tmp",
                "--network-config-dir",
                directory + "/net",
                "--runtime",
                "runc",
                "--cgroup-manager",
                "cgroupfs",
                "--events-backend",
                "file",
                "system",
                "service",
                host(),
                "--time=0");
    }

    private boolean answers() {
        if (!process.isAlive()) {
            throw new IllegalStateException("dockerd ended, see " + directory + "/log");
        }
        try (Engine ignored = Engine.open(host())) {
            return true;
        } catch (FlynnException notYet) {
            return false;
        }
    }

    /** Ends it as a stop of its service does. */
    void stop() {
        end(false);
    }

    /** Ends it as a crash does; with it goes its containerd, as that is its child. */
    void kill() {
        end(true);
    }

    private void end(boolean forcibly) {
        if (process == null) {
            return;
        }
        List<ProcessHandle> children = process.descendants()
                .filter(child -> child.info().command().orElse("").endsWith("/containerd"))
                .toList();
        if (forcibly) {
            process.destroyForcibly();
        } else {
            process.destroy();
        }
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        children.forEach(child -> {
            child.destroyForcibly();
            child.onExit().join();
        });
    }

    private void importShell() throws IOException {
        Path root = Files.createDirectories(directory.resolve("shell"));
        run("sh", "-ec", """
                cd "$1"; mkdir -p bin etc tmp proc dev mnt
                cp /bin/busybox bin/
                for name in $(bin/busybox --list); do [ -e bin/$name ] || ln -s busybox bin/$name; done
                printf '#!/bin/sh\necho "$EXTERNAL_IP"\n' > bin/external-ip; chmod 755 bin/external-ip
                echo 'root:x:0:0:root:/root:/bin/sh' > etc/passwd
                tar -cf ../shell.tar .
                """, "sh", root.toString());
        Path archive = directory.resolve("shell.image");
        ImageArchive.write(archive, SHELL, directory.resolve("shell.tar"));
        try (Engine engine = Engine.open(host());
                InputStream bytes = Files.newInputStream(archive)) {
            engine.tell(client -> client.loadImageCmd(bytes).exec());
        }
    }

    static void run(String... command) throws IOException {
        Process run = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(run.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        try {
            if (run.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + ": " + said);
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    String host() {
        return "unix://" + directory + "/socket";
    }

    /** What another process needs to use this engine too. */
    Map<String, String> surroundings() {
        return Map.of("flynn.test.engine", host(), "flynn.test.subnet", subnet());
    }

    private String subnet() {
        return "10.213." + subnet + ".0/24";
    }

    /** Of this engine, or in another process of the one that it was told of. */
    static DockerSettings settings(@Nullable TestEngine engine, Path dataDirectory) {
        return settings(engine, dataDirectory, Map.of());
    }

    static DockerSettings settings(@Nullable TestEngine engine, Path dataDirectory, Map<String, String> beside) {
        String host = engine == null ? System.getProperty("flynn.test.engine") : engine.host();
        String subnet = engine == null ? System.getProperty("flynn.test.subnet") : engine.subnet();
        Map<String, String> all = new TreeMap<>(beside);
        all.put("host", host);
        all.put("subnet", subnet);
        return DockerSettings.of(all, dataDirectory);
    }

    static JobSpec.Image shellImage() {
        return new JobSpec.Image("docker", "docker://" + SHELL);
    }

    static JobSpec job(String line) {
        return JobSpec.ofCommand(JobId.random("test"), shellImage(), List.of("/bin/sh", "-c", line));
    }

    /**
     * Podman's containers are cleaned up by processes of their own, which mount its directory again; and each command that ran
     * in one has a process that remembers for five minutes how it ended.
     */
    private void endHelpers() {
        await("no process of " + directory + " is left")
                .atMost(Duration.ofSeconds(20))
                .until(() -> {
                    List<ProcessHandle> left = ProcessHandle.allProcesses()
                            .filter(process ->
                                    process.info().commandLine().orElse("").contains(directory + "/"))
                            .toList();
                    left.forEach(ProcessHandle::destroyForcibly);
                    return left.isEmpty();
                });
    }

    /** Ends it with its containers and networks, and deletes all that it wrote. */
    @Override
    public void close() throws IOException {
        if (process != null && process.isAlive()) {
            try (Engine engine = Engine.open(host())) {
                engine.tell(client -> client.listContainersCmd()
                        .withShowAll(true)
                        .exec()
                        .forEach(container -> Containers.remove(engine, container.getId())));
                engine.tell(client -> client.listNetworksCmd().exec().stream()
                        .filter(network -> network.getName().startsWith(JobNetwork.DEFAULT_NAME))
                        .forEach(network ->
                                client.removeNetworkCmd(network.getId()).exec()));
            } catch (RuntimeException e) {
                System.err.println("the engine of a test was not left clean: " + e);
            }
        }
        stop();
        endHelpers();
        run("sh", "-ec", """
                awk '{print $5}' /proc/self/mountinfo | grep -E "^$1(/|$)" | sort -r | xargs -r umount -l
                rm -rf "$1"
                """, "sh", directory.toString());
    }
}
