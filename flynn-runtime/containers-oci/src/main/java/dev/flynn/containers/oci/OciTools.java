package dev.flynn.containers.oci;

import dev.flynn.api.error.FlynnException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The programs of this machine that containers are made with.
 *
 * @param runtime runc
 * @param init pid 1 in each container, statically linked
 */
record OciTools(Path runtime, Path conmon, Path init) {

    private static final long CAP_SYS_ADMIN = 1L << 21;
    private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+)");

    private static final String[] DIRECTORIES = {
        "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/libexec/podman"
    };

    /**
     * Finds them.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE}, naming everything that is missing and how to get it
     */
    static OciTools find(Optional<Path> runtime) {
        List<String> missing = new ArrayList<>();
        List<String> packages = new ArrayList<>();
        Path foundRuntime = runtime.filter(Files::isExecutable)
                .or(() -> runtime.isPresent() ? Optional.empty() : program("runc"))
                .orElse(null);
        Path conmon = program("conmon").orElse(null);
        Path init = program("tini-static").orElse(null);
        if (foundRuntime == null) {
            missing.add(runtime.map(path -> "the program " + path).orElse("runc"));
            packages.add("runc");
        }
        if (conmon == null) {
            missing.add("conmon");
            packages.add("conmon");
        }
        if (init == null) {
            missing.add("tini-static");
            packages.add("tini");
        }
        if (program("perl").isEmpty()) {
            missing.add("perl");
            packages.add("perl-base");
        }
        if (!isRoot()) {
            missing.add("root's rights (CAP_SYS_ADMIN)");
        }
        if (!isRecent(System.getProperty("os.version", ""))) {
            missing.add("a kernel of 5.10 or later");
        }
        if (!ControlGroups.ofThisHost().areUsable()) {
            missing.add("control groups that it may write to (a cgroup file system at /sys/fs/cgroup)");
        }
        if (!hasOverlay()) {
            missing.add("overlayfs in the kernel (modprobe overlay)");
        }
        if (foundRuntime == null || conmon == null || init == null || !missing.isEmpty()) {
            String remedy = packages.isEmpty() ? "" : "; on Debian: apt-get install " + String.join(" ", packages);
            throw FlynnException.unavailable(
                    "the oci backend cannot run here, it lacks " + String.join(", ", missing) + remedy, null);
        }
        return new OciTools(foundRuntime, conmon, init);
    }

    /** Where a program of the system is. */
    static Optional<Path> program(String name) {
        for (String directory : DIRECTORIES) {
            Path file = Path.of(directory, name);
            if (Files.isExecutable(file)) {
                return Optional.of(file);
            }
        }
        return Optional.empty();
    }

    private static boolean isRoot() {
        return Proc.text(Path.of("/proc/self/status"))
                .map(OciTools::mayMakeContainers)
                .orElse(false);
    }

    /**
     * Whether a process is root and may mount: within a container root usually may not.
     *
     * @param status its file {@code status} in /proc
     */
    static boolean mayMakeContainers(String status) {
        Map<String, String> fields = status.lines()
                .map(line -> line.split(":\\s+", 2))
                .filter(field -> field.length == 2)
                .collect(Collectors.toMap(field -> field[0], field -> field[1]));
        boolean root = fields.getOrDefault("Uid", "").matches("\\d+\\s+0\\s.*");
        long capabilities = Long.parseUnsignedLong(fields.getOrDefault("CapEff", "0"), 16);
        return root && (capabilities & CAP_SYS_ADMIN) != 0;
    }

    /** Overlayfs has learnt not to write everything to disk when it is unmounted. */
    static boolean isRecent(String kernel) {
        Matcher version = VERSION.matcher(kernel);
        if (!version.lookingAt()) {
            return false;
        }
        int major = Integer.parseInt(version.group(1));
        return major > 5 || (major == 5 && Integer.parseInt(version.group(2)) >= 10);
    }

    private static boolean hasOverlay() {
        return Proc.text(Path.of("/proc/filesystems"))
                .map(text -> text.lines().anyMatch(line -> line.endsWith("\toverlay")))
                .orElse(false);
    }
}
