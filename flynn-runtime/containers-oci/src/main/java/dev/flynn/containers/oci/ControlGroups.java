package dev.flynn.containers.oci;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * The control groups of containers, in version 2 and in the hierarchies of version 1.
 *
 * @param mount of them all
 * @param hierarchies where each is mounted; one of version 2
 */
record ControlGroups(Path mount, List<Path> hierarchies, boolean unified) {

    private static final Path MOUNT = Path.of("/sys/fs/cgroup");
    private static final int DELETE_ATTEMPTS = 200;
    private static final long DELETE_PAUSE_NANOS = 5_000_000;

    static ControlGroups ofThisHost() {
        return at(MOUNT);
    }

    /** Looks which version there is. */
    static ControlGroups at(Path mount) {
        if (Files.exists(mount.resolve("cgroup.controllers"))) {
            return new ControlGroups(mount, List.of(mount), true);
        }
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> hierarchies = Files.newDirectoryStream(mount)) {
            for (Path hierarchy : hierarchies) {
                if (!Files.isSymbolicLink(hierarchy) && Files.exists(hierarchy.resolve("cgroup.procs"))) {
                    found.add(hierarchy);
                }
            }
        } catch (IOException none) {
            // the runtime will say so
        }
        return new ControlGroups(mount, List.copyOf(found), false);
    }

    /** Whether a container can have a group of its own: some hosts, and most containers, have none, or show them read-only. */
    boolean areUsable() {
        return hierarchies.contains(main()) && Files.isWritable(main());
    }

    /** Whether a limit of swap can be set. Of version 2 only groups below the first have such files. */
    boolean swapCounted() {
        return unified
                ? children(mount).stream().anyMatch(group -> Files.exists(group.resolve("memory.swap.max")))
                : Files.exists(mount.resolve("memory/memory.memsw.limit_in_bytes"));
    }

    /** The hierarchy in which processes are looked for, and which commands have groups of their own in. */
    private Path main() {
        return unified ? mount : mount.resolve("pids");
    }

    /** Makes a group for processes that outlive this one, where systemd sees it; where a process writes its number to move. */
    Path monitors(String parent) throws IOException {
        Path tracked = unified ? mount : mount.resolve("systemd");
        if (!hierarchies.contains(tracked)) {
            return Path.of("/dev/null");
        }
        return Files.createDirectories(resolved(tracked, parent).resolve("monitors"))
                .resolve("cgroup.procs");
    }

    /** What {@code exec} of the runtime is told to run a command in a group within that of its container. */
    String within(String name) {
        return unified ? name : "pids:" + name;
    }

    /** Makes a group within that of a container. */
    void create(String group) throws IOException {
        Files.createDirectory(resolved(main(), group));
    }

    /** The processes in a group and in those within it. */
    Set<Long> processes(String group) {
        Set<Long> pids = new HashSet<>();
        collect(resolved(main(), group), pids);
        return pids;
    }

    private static void collect(Path directory, Set<Long> pids) {
        Proc.text(directory.resolve("cgroup.procs"))
                .ifPresent(text -> text.lines().map(Long::valueOf).forEach(pids::add));
        children(directory).forEach(child -> collect(child, pids));
    }

    private static List<Path> children(Path directory) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, Files::isDirectory)) {
            entries.forEach(found::add);
        } catch (IOException gone) {
            return List.of();
        }
        return found;
    }

    /** Kills what is in a group until nothing is. */
    void kill(String group) {
        for (int attempt = 0; attempt < DELETE_ATTEMPTS; attempt++) {
            Set<Long> pids = processes(group);
            if (pids.isEmpty()) {
                return;
            }
            pids.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
            LockSupport.parkNanos(DELETE_PAUSE_NANOS);
        }
    }

    /** Kills what runs in groups within a group, and removes them: commands of an earlier process. */
    void endWithin(String group) throws IOException {
        for (Path child : children(resolved(main(), group))) {
            String name = group + "/" + child.getFileName();
            kill(name);
            delete(name);
        }
    }

    /** How often the kernel killed something in a group because the group's memory was used up. */
    long outOfMemoryKills(String group) {
        Optional<String> counts = unified
                ? Proc.text(resolved(mount, group).resolve("memory.events"))
                : Proc.text(resolved(mount.resolve("memory"), group).resolve("memory.oom_control"));
        return counts.stream()
                .flatMap(String::lines)
                .filter(line -> line.startsWith("oom_kill "))
                .mapToLong(line -> Long.parseLong(line.substring("oom_kill ".length())))
                .sum();
    }

    boolean exists(String group) {
        return hierarchies.stream().anyMatch(hierarchy -> Files.isDirectory(resolved(hierarchy, group)));
    }

    /** Groups of this parent, by name. */
    Set<String> children(String parent) {
        Set<String> names = new HashSet<>();
        for (Path hierarchy : hierarchies) {
            children(resolved(hierarchy, parent))
                    .forEach(child -> names.add(child.getFileName().toString()));
        }
        return names;
    }

    /** Removes a group, which no process is in any more, and those within it. */
    void delete(String group) throws IOException {
        for (Path hierarchy : hierarchies) {
            deleteTree(resolved(hierarchy, group));
        }
    }

    private static void deleteTree(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        for (Path child : children(directory)) {
            deleteTree(child);
        }
        for (int attempt = 1; ; attempt++) {
            try {
                Files.delete(directory);
                return;
            } catch (NoSuchFileException gone) {
                return;
            } catch (IOException busy) {
                // a process that ends is in its group for a moment longer
                if (attempt == DELETE_ATTEMPTS) {
                    throw busy;
                }
                LockSupport.parkNanos(DELETE_PAUSE_NANOS);
            }
        }
    }

    private static Path resolved(Path hierarchy, String group) {
        return hierarchy.resolve(group.substring(1));
    }
}
