package dev.flynn.containers.docker;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.LogConfig;
import com.github.dockerjava.api.model.MountType;
import com.github.dockerjava.api.model.Ulimit;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.spi.container.JobFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * What the engine is asked to make of a job.
 *
 * @param image as the engine knows it
 * @param mounts with sources as the engine is to bind them
 * @param network the engine's name of it; {@code host} for that of the host
 * @param address of the job
 * @param controlGroup above that of its container; the engine's own if empty
 */
record ContainerPlan(
        JobSpec spec,
        String image,
        List<Mount> mounts,
        String network,
        String address,
        Map<String, String> labels,
        Optional<String> controlGroup,
        DockerSettings settings,
        boolean podman,
        boolean sizesTerminals) {

    private static final String CPU = "cpu";
    private static final long MILLIS_OF_A_CPU = 1000;
    private static final long SHARES_OF_A_CPU = 1024;
    private static final long LEAST_SHARES = 2;
    private static final int LONGEST_HOSTNAME = 63;
    private static final long PODMAN_PROCESSES = 32_768;

    /** The disk that a job's output may take until it is read again after a restart: two files of this. */
    private static final Map<String, String> LOG_SIZE = Map.of("max-size", "16m", "max-file", "2");

    /** Of what the engine gives by default, nobody who serves web pages needs these. */
    private static final List<Capability> DROPPED =
            List.of(Capability.MKNOD, Capability.NET_RAW, Capability.AUDIT_WRITE, Capability.SETFCAP);

    /** Whether the engine keeps the output, so that none is lost while this process is away. */
    static boolean keepsOutput(JobSpec spec) {
        return spec.tty().isEmpty() && !spec.disableLog();
    }

    boolean hostNetwork() {
        return network.equals(DockerSettings.HOST_NETWORK);
    }

    void fill(CreateContainerCmd command) {
        command.withImage(image)
                .withName(Labels.containerName(spec.id()))
                .withLabels(labels)
                .withEnv(environment())
                .withTty(spec.tty().isPresent())
                .withStdinOpen(hasStdin())
                .withStdInOnce(spec.stdin() && spec.tty().isEmpty())
                .withHostConfig(hostConfig());
        if (isOfHost()) {
            command.withUser(settings.user() + ":" + JobFiles.GROUP);
        }
        if (!hostNetwork()) {
            String name = spec.id().uuid();
            command.withHostName(name.substring(0, Math.min(name.length(), LONGEST_HOSTNAME)))
                    .withIpv4Address(address);
        }
        if (!spec.entrypoint().isEmpty()) {
            command.withEntrypoint(spec.entrypoint());
        }
        if (!spec.cmd().isEmpty()) {
            command.withCmd(spec.cmd());
        }
        spec.workingDirectory().ifPresent(command::withWorkingDir);
    }

    /** Such jobs see the host's programs, and have no more power over the host than nobody. */
    private boolean isOfHost() {
        return spec.image().type().equals(Artifact.HOST);
    }

    private boolean hasStdin() {
        return spec.stdin() || spec.tty().isPresent();
    }

    private List<String> environment() {
        Map<String, String> environment = new TreeMap<>(spec.env());
        environment.put("EXTERNAL_IP", address);
        if (spec.tty().isPresent()) {
            environment.putIfAbsent("TERM", "xterm");
        }
        return environment.entrySet().stream()
                .map(variable -> variable.getKey() + "=" + variable.getValue())
                .toList();
    }

    private HostConfig hostConfig() {
        HostConfig host = HostConfig.newHostConfig()
                .withInit(settings.init())
                .withNetworkMode(network)
                .withLogConfig(logConfig())
                .withCapDrop(isOfHost() ? new Capability[] {Capability.ALL} : DROPPED.toArray(new Capability[0]))
                .withGroupAdd(List.of(String.valueOf(JobFiles.GROUP)))
                .withSecurityOpts(List.of("no-new-privileges"))
                .withMounts(mounts.stream().map(ContainerPlan::bind).toList());
        if (!settings.dns().isEmpty() && !hostNetwork()) {
            host.withDns(settings.dns());
        }
        limit(ResourceLimit.MEMORY).ifPresent(bytes -> host.withMemory(bytes).withMemorySwap(bytes));
        host.withPidsLimit(limit(ResourceLimit.MAX_PROCS).orElse(settings.maxProcesses()));
        host.withUlimits(ulimits());
        OptionalLong cpu = request(CPU).isPresent() ? request(CPU) : limit(CPU);
        cpu.ifPresent(millis -> host.withCpuShares(shares(millis)));
        controlGroup.ifPresent(host::withCgroupParent);
        if (sizesTerminals) {
            spec.tty().ifPresent(size -> host.withConsoleSize(consoleSize(size)));
        }
        return host;
    }

    private List<Ulimit> ulimits() {
        List<Ulimit> limits = new ArrayList<>();
        OptionalLong wanted = limit(ResourceLimit.MAX_FD);
        if (wanted.isPresent() || podman) {
            long hard = wanted.orElse(ResourceLimit.DEFAULT_MAX_FD);
            limits.add(
                    new Ulimit("nofile", Math.min(request(ResourceLimit.MAX_FD).orElse(hard), hard), hard));
        }
        if (podman) { // what it gives unless told is more than root may have on some machines
            limits.add(new Ulimit("nproc", PODMAN_PROCESSES, PODMAN_PROCESSES));
        }
        return limits;
    }

    private LogConfig logConfig() {
        if (!keepsOutput(spec)) {
            return new LogConfig(LogConfig.LoggingType.NONE);
        }
        // podman calls by this name the only log in a file that it has
        return podman
                ? new LogConfig(LogConfig.LoggingType.JSON_FILE, Map.of("max-size", "32m"))
                : new LogConfig(LogConfig.LoggingType.LOCAL, withoutCompression());
    }

    private static Map<String, String> withoutCompression() {
        Map<String, String> options = new TreeMap<>(LOG_SIZE);
        options.put("compress", "false");
        return options;
    }

    private static com.github.dockerjava.api.model.Mount bind(Mount mount) {
        return new com.github.dockerjava.api.model.Mount()
                .withType(MountType.BIND)
                .withSource(mount.source())
                .withTarget(mount.destination())
                .withReadOnly(mount.access() == Mount.Access.READ_ONLY);
    }

    private static List<Integer> consoleSize(TerminalSize size) {
        List<Integer> lineFirst = new ArrayList<>();
        lineFirst.add(size.lines());
        lineFirst.add(size.columns());
        return lineFirst;
    }

    private static int shares(long millis) {
        return (int) Math.max(LEAST_SHARES, Math.min(262_144, millis * SHARES_OF_A_CPU / MILLIS_OF_A_CPU));
    }

    private OptionalLong limit(String type) {
        ResourceLimit wanted = spec.resources().get(type);
        return wanted == null ? OptionalLong.empty() : wanted.limit();
    }

    private OptionalLong request(String type) {
        ResourceLimit wanted = spec.resources().get(type);
        return wanted == null ? OptionalLong.empty() : wanted.request();
    }
}
