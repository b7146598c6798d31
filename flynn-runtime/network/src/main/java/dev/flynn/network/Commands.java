package dev.flynn.network;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Runs the system's network tools in one network namespace. Thread-safe. */
final class Commands {

    /** Tools, and the Debian packages that have them. */
    private static final Map<String, String> TOOLS = new TreeMap<>(Map.of(
            "ip", "iproute2",
            "bridge", "iproute2",
            "iptables", "iptables",
            "iptables-restore", "iptables",
            "perl", "perl-base",
            "umount", "mount",
            "sh", "dash"));

    private static final int CAP_NET_ADMIN = 12;
    private static final int CAP_SYS_ADMIN = 21;
    private static final long PATIENCE_SECONDS = 60;
    private static final String SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private final NetworkNamespace namespace;
    private final String path;

    Commands(NetworkNamespace namespace) {
        this(namespace, Objects.requireNonNullElse(System.getenv("PATH"), "") + ":" + SYSTEM_PATH);
    }

    Commands(NetworkNamespace namespace, String path) {
        this.namespace = namespace;
        this.path = path;
    }

    NetworkNamespace namespace() {
        return namespace;
    }

    /** @throws FlynnException {@code SERVICE_UNAVAILABLE} naming everything that is missing */
    void requireTools() {
        List<String> missing = new ArrayList<>();
        if (!hasCapabilities()) {
            missing.add("root (the capabilities NET_ADMIN and SYS_ADMIN)");
        }
        TOOLS.forEach((tool, source) -> {
            if (Arrays.stream(path.split(":")).noneMatch(folder -> Files.isExecutable(Path.of(folder, tool)))) {
                missing.add("the command %s (Debian package %s)".formatted(tool, source));
            }
        });
        if (!missing.isEmpty()) {
            throw new FlynnException(
                    ErrorCode.SERVICE_UNAVAILABLE,
                    "jobs cannot have addresses of their own on this host, which lacks " + String.join(", ", missing));
        }
    }

    private static boolean hasCapabilities() {
        try (Stream<String> status = Files.lines(Path.of("/proc/self/status"))) {
            return status.filter(line -> line.startsWith("CapEff:"))
                    .map(line ->
                            new BigInteger(line.substring("CapEff:".length()).strip(), 16))
                    .anyMatch(
                            capabilities -> capabilities.testBit(CAP_NET_ADMIN) && capabilities.testBit(CAP_SYS_ADMIN));
        } catch (IOException e) {
            return false;
        }
    }

    /** Runs a shell script, which ends at its first failing command; returns what it printed. */
    String sh(String script) throws IOException {
        return run(List.of("sh", "-e", "-c", script), "");
    }

    /** Runs lines of {@code ip}, all in one process, until the first that fails. */
    void ip(List<String> lines) throws IOException {
        batch("ip", lines);
    }

    /** Runs lines of {@code bridge}, all in one process, until the first that fails. */
    void bridge(List<String> lines) throws IOException {
        batch("bridge", lines);
    }

    private void batch(String tool, List<String> lines) throws IOException {
        if (!lines.isEmpty()) {
            run(List.of(tool, "-batch", "-"), lines.stream().collect(Collectors.joining("\n", "", "\n")));
        }
    }

    /** Runs a command; returns what it printed on both outputs. */
    String run(List<String> command, String input) throws IOException {
        List<String> whole = new ArrayList<>(namespace.prefix());
        whole.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(whole).redirectErrorStream(true);
        builder.environment().put("PATH", path);
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        process.onExit().orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).exceptionally(late -> {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            return process.destroyForcibly();
        });
        try {
            try (OutputStream stdin = process.getOutputStream()) {
                stdin.write(input.getBytes(StandardCharsets.UTF_8));
            }
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            if (status != 0) {
                throw new IOException("%s ended with status %d: %s"
                        .formatted(command.get(0), status, output.isBlank() ? "it said nothing" : output.strip()));
            }
            return output;
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while running " + command.get(0));
        }
    }
}
