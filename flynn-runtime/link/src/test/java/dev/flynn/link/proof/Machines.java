package dev.flynn.link.proof;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Network namespaces that are joined by a switch, which is one too; the kernel removes them with the last process inside. All
 * these processes end with the thread that started them, in whatever way it ends.
 */
final class Machines implements AutoCloseable {

    private static final String SWITCH = "switch";
    private static final int TIMEOUT_SECONDS = 20;

    private final List<String> names;
    private final Map<String, Process> holders = new LinkedHashMap<>();

    Machines(List<String> names) {
        this.names = names;
        try {
            make();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private void make() {
        hold(SWITCH);
        in(SWITCH, "ip", "link", "add", "br0", "type", "bridge");
        in(SWITCH, "ip", "link", "set", "br0", "up");
        for (String name : names) {
            String pid = String.valueOf(hold(name).pid());
            in(SWITCH, "ip", "link", "add", "to-" + name, "type", "veth", "peer", "name", "eth0", "netns", pid);
            in(SWITCH, "ip", "link", "set", "to-" + name, "master", "br0", "up");
            in(name, "ip", "address", "add", address(name) + "/24", "dev", "eth0");
            in(name, "ip", "link", "set", "lo", "up");
            in(name, "ip", "link", "set", "eth0", "up");
        }
    }

    /** Why there can be none here; nothing if they can. */
    static Optional<String> whyNot() {
        if (!"root".equals(System.getProperty("user.name"))) {
            return Optional.of("network namespaces need root");
        }
        List<String> missing = Stream.of("unshare", "nsenter", "setpriv", "ip", "iptables")
                .filter(tool -> Stream.of("/usr/sbin", "/usr/bin", "/sbin", "/bin")
                        .noneMatch(directory -> Files.isExecutable(Path.of(directory, tool))))
                .toList();
        if (!missing.isEmpty()) {
            return Optional.of("missing: %s (packages util-linux, iproute2, iptables)".formatted(missing));
        }
        try (var machines = new Machines(List.of("try"))) {
            machines.drop("try", "INPUT", "-s", "192.0.2.1");
            return Optional.empty();
        } catch (IllegalStateException e) {
            return Optional.of(requireNonNull(e.getMessage()));
        }
    }

    String address(String name) {
        return "10.78.0." + (11 + names.indexOf(name));
    }

    private Process hold(String name) {
        Process holder = start(List.of("unshare", "--net", "cat"), ProcessBuilder.Redirect.INHERIT);
        holders.put(name, holder);
        awaitOwnNetwork(name, holder);
        return holder;
    }

    private static void awaitOwnNetwork(String name, Process holder) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
        while (holder.isAlive() && System.nanoTime() < deadline) {
            if (!networkOf("self").equals(networkOf(String.valueOf(holder.pid())))) {
                return;
            }
            Thread.onSpinWait();
        }
        throw new IllegalStateException("no network namespace for machine " + name);
    }

    private static Path networkOf(String pid) {
        Path link = Path.of("/proc", pid, "ns", "net");
        try {
            return Files.readSymbolicLink(link);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts a process on a machine. */
    Process start(String name, List<String> command, Path errors) {
        return start(
                Stream.concat(enter(name).stream(), command.stream()).toList(),
                ProcessBuilder.Redirect.appendTo(errors.toFile()));
    }

    private static Process start(List<String> command, ProcessBuilder.Redirect errors) {
        List<String> mortal = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL"));
        mortal.addAll(command);
        try {
            return new ProcessBuilder(mortal).redirectError(errors).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<String> enter(String name) {
        return List.of(
                "nsenter",
                "--net",
                "--target",
                String.valueOf(requireNonNull(holders.get(name)).pid()),
                "--");
    }

    /** Has a machine drop what matches, in one direction. */
    void drop(String name, String chain, String... match) {
        List<String> command = new ArrayList<>(List.of("iptables", "-w", "-A", chain));
        command.addAll(List.of(match));
        command.addAll(List.of("-j", "DROP"));
        in(name, command.toArray(String[]::new));
    }

    /** Has a machine drop nothing any more. */
    void heal(String name) {
        in(name, "iptables", "-w", "-F");
    }

    private void in(String name, String... command) {
        run(Stream.concat(enter(name).stream(), Stream.of(command)).toList());
    }

    static void run(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IllegalStateException(String.join(" ", command) + ": " + said.strip());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        holders.values().forEach(Process::destroyForcibly);
    }
}
