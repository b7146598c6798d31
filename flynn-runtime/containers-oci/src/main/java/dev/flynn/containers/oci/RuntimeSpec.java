package dev.flynn.containers.oci;

import dev.flynn.api.release.ResourceLimit;
import dev.flynn.spi.container.JobFiles;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/** Writes what is planned as an OCI runtime specification 1.0: {@code config.json}, as maps and lists. */
final class RuntimeSpec {

    /** Where a container has its init; images have nothing there. */
    static final String INIT = "/.flynn/init";

    private static final long DEFAULT_CPU = 1000;
    private static final long SHARES_OF_ONE_CPU = 1024;
    private static final int OOM_SCORE_ADJUSTMENT = 300;

    private static final List<String> HIDDEN = List.of(
            "/proc/acpi",
            "/proc/asound",
            "/proc/kcore",
            "/proc/keys",
            "/proc/key-users",
            "/proc/latency_stats",
            "/proc/timer_list",
            "/proc/timer_stats",
            "/proc/sched_debug",
            "/proc/scsi",
            "/proc/kmsg",
            "/proc/kallsyms",
            "/proc/modules",
            "/sys/firmware",
            "/sys/devices/virtual/powercap",
            "/sys/kernel");
    private static final List<String> READ_ONLY =
            List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

    private RuntimeSpec() {}

    static Map<String, Object> of(ContainerPlan plan) {
        Map<String, Object> spec = new LinkedHashMap<>();
        spec.put("ociVersion", "1.0.2");
        spec.put("hostname", plan.hostname());
        spec.put("root", Map.of("path", plan.rootfs().toString(), "readonly", false));
        spec.put("process", process(plan));
        spec.put("mounts", mounts(plan));
        spec.put("linux", linux(plan));
        return spec;
    }

    /** The process of a command beside the main one: the same in all but its arguments, and never on a terminal. */
    static Map<String, Object> command(Map<String, Object> mainProcess, List<String> arguments) {
        Map<String, Object> process = new LinkedHashMap<>(mainProcess);
        process.put("args", arguments);
        process.put("terminal", false);
        process.remove("consoleSize");
        return process;
    }

    private static Map<String, Object> process(ContainerPlan plan) {
        Map<String, Object> process = new LinkedHashMap<>();
        process.put("terminal", plan.terminal().isPresent());
        plan.terminal()
                .ifPresent(size -> process.put("consoleSize", Map.of("height", size.lines(), "width", size.columns())));
        Map<String, Object> user = new LinkedHashMap<>();
        user.put("uid", plan.user().uid());
        user.put("gid", plan.user().gid());
        Set<Long> groups = new LinkedHashSet<>(plan.user().groups());
        groups.add((long) JobFiles.GROUP);
        user.put("additionalGids", groups);
        process.put("user", user);
        List<String> line = new ArrayList<>(List.of(INIT, "--"));
        line.addAll(plan.arguments());
        process.put("args", line);
        process.put(
                "env",
                plan.environment().entrySet().stream()
                        .map(variable -> variable.getKey() + "=" + variable.getValue())
                        .toList());
        process.put("cwd", plan.workingDirectory());
        process.put("capabilities", capabilities(plan));
        process.put("rlimits", rlimits(plan));
        process.put("noNewPrivileges", true);
        process.put("oomScoreAdj", OOM_SCORE_ADJUSTMENT);
        return process;
    }

    /** Of a user that is not root only what the bounding set allows is of interest, and no new privileges means that nothing is. */
    private static Map<String, Object> capabilities(ContainerPlan plan) {
        List<String> effective = plan.user().uid() == 0 ? plan.capabilities() : List.of();
        return Map.of(
                "bounding", plan.capabilities(),
                "effective", effective,
                "permitted", effective,
                "inheritable", List.of(),
                "ambient", List.of());
    }

    /** The soft limit is what was requested, the hard one what is allowed. */
    private static List<Map<String, Object>> rlimits(ContainerPlan plan) {
        ResourceLimit wanted = plan.limits().get(ResourceLimit.MAX_FD);
        long hard = limit(wanted).orElse(ResourceLimit.DEFAULT_MAX_FD);
        long soft = wanted == null ? hard : Math.min(wanted.request().orElse(hard), hard);
        return List.of(
                Map.of("type", "RLIMIT_NOFILE", "soft", soft, "hard", hard),
                Map.of("type", "RLIMIT_CORE", "soft", 0, "hard", 0));
    }

    private static OptionalLong limit(@org.jspecify.annotations.Nullable ResourceLimit limit) {
        return limit == null ? OptionalLong.empty() : limit.limit();
    }

    private static List<Map<String, Object>> mounts(ContainerPlan plan) {
        List<ContainerPlan.Entry> all = new ArrayList<>();
        all.add(ContainerPlan.Entry.overlay(plan.layers(), plan.changes(), "/"));
        all.add(entry("/proc", "proc", "nosuid", "noexec", "nodev"));
        all.add(entry("/dev", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"));
        all.add(entry("/dev/pts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"));
        all.add(entry("/dev/shm", "tmpfs", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"));
        all.add(entry("/dev/mqueue", "mqueue", "nosuid", "noexec", "nodev"));
        all.add(entry("/sys", "sysfs", "nosuid", "noexec", "nodev", "ro"));
        all.addAll(plan.mounts());
        all.add(ContainerPlan.Entry.bind(plan.init(), INIT, false));
        return all.stream().map(RuntimeSpec::mount).toList();
    }

    private static ContainerPlan.Entry entry(String destination, String type, String... options) {
        return new ContainerPlan.Entry(destination, type, type, List.of(options));
    }

    private static Map<String, Object> mount(ContainerPlan.Entry entry) {
        Map<String, Object> mount = new LinkedHashMap<>();
        mount.put("destination", entry.destination());
        mount.put("type", entry.type());
        mount.put("source", entry.source());
        mount.put("options", entry.options());
        return mount;
    }

    private static Map<String, Object> linux(ContainerPlan plan) {
        Map<String, Object> linux = new LinkedHashMap<>();
        linux.put("namespaces", namespaces(plan));
        linux.put("cgroupsPath", plan.controlGroup());
        linux.put("resources", resources(plan));
        List<String> hidden = new ArrayList<>(HIDDEN);
        hidden.addAll(plan.hidden());
        linux.put("maskedPaths", hidden);
        linux.put("readonlyPaths", READ_ONLY);
        linux.put("rootfsPropagation", "private");
        if (plan.network().isPresent()) {
            linux.put(
                    "sysctl",
                    Map.of("net.ipv4.ip_unprivileged_port_start", "0", "net.ipv4.ping_group_range", "0 2147483647"));
        }
        linux.put("seccomp", Seccomp.profile(plan.architectures()));
        return linux;
    }

    private static List<Map<String, Object>> namespaces(ContainerPlan plan) {
        List<Map<String, Object>> namespaces = new ArrayList<>();
        for (String type : new String[] {"mount", "pid", "ipc", "uts"}) {
            namespaces.add(Map.of("type", type));
        }
        plan.network().ifPresent(path -> namespaces.add(Map.of("type", "network", "path", path.toString())));
        return namespaces;
    }

    private static Map<String, Object> resources(ContainerPlan plan) {
        Map<String, Object> resources = new LinkedHashMap<>();
        limit(plan.limits().get(ResourceLimit.MEMORY)).ifPresent(bytes -> resources.put("memory", memory(plan, bytes)));
        long cpu = limit(plan.limits().get("cpu")).orElse(DEFAULT_CPU);
        resources.put("cpu", Map.of("shares", Math.max(2, cpu * SHARES_OF_ONE_CPU / DEFAULT_CPU)));
        long processes = limit(plan.limits().get(ResourceLimit.MAX_PROCS)).orElse(plan.defaultProcesses());
        resources.put("pids", Map.of("limit", processes));
        resources.put("devices", devices());
        return resources;
    }

    private static Map<String, Object> memory(ContainerPlan plan, long bytes) {
        return plan.swapCounted() ? Map.of("limit", bytes, "swap", bytes) : Map.of("limit", bytes);
    }

    /** None but those that the runtime makes in each container. */
    private static List<Map<String, Object>> devices() {
        return List.of(Map.of("allow", false, "access", "rwm"));
    }
}
