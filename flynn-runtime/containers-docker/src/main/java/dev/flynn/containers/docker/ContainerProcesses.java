package dev.flynn.containers.docker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The processes of a container, as the host sees them. */
final class ContainerProcesses {

    private static final Path PROC = Path.of("/proc");
    private static final Path CGROUPS = Path.of("/sys/fs/cgroup");

    private ContainerProcesses() {}

    /** Kills those that have this in their environment, with what they started; the answer is how many there were. */
    static int kill(long main, String variable) {
        int killed = 0;
        for (long process : of(main)) {
            if (environment(process).contains(variable + "\0")) {
                killed++;
                kill(process);
            }
        }
        return killed;
    }

    /** Kills a process and what descends from it. */
    static void kill(long process) {
        ProcessHandle.of(process).ifPresent(handle -> {
            List<ProcessHandle> descendants = handle.descendants().toList();
            handle.destroyForcibly();
            descendants.forEach(ProcessHandle::destroyForcibly);
        });
    }

    /** Whether a process is there, and not only waiting to be looked after. */
    static boolean runs(long process) {
        try {
            String stat = Files.readString(PROC.resolve(process + "/stat"));
            return !stat.startsWith(") Z", stat.lastIndexOf(')'));
        } catch (IOException gone) {
            return false;
        }
    }

    /** All of the container whose main process this is. */
    private static List<Long> of(long main) {
        Optional<Path> group = group(main);
        try {
            return group.isPresent() ? listed(group.get()) : sharing(main);
        } catch (IOException gone) {
            return List.of();
        }
    }

    private static Optional<Path> group(long main) {
        try (Stream<String> lines = Files.lines(PROC.resolve(main + "/cgroup"))) {
            return lines.map(line -> line.split(":", 3))
                    .filter(parts -> parts.length == 3 && parts[2].length() > 1)
                    .map(parts -> CGROUPS.resolve(parts[1]).resolve(parts[2].substring(1) + "/cgroup.procs"))
                    .filter(Files::isReadable)
                    .findFirst();
        } catch (IOException gone) {
            return Optional.empty();
        }
    }

    private static List<Long> listed(Path group) throws IOException {
        return Files.readAllLines(group).stream().map(Long::valueOf).toList();
    }

    /** Without control groups: all that are in its namespace. */
    private static List<Long> sharing(long main) throws IOException {
        Path namespace = Files.readSymbolicLink(PROC.resolve(main + "/ns/pid"));
        List<Long> found = new ArrayList<>();
        for (ProcessHandle process : ProcessHandle.allProcesses().toList()) {
            try {
                if (Files.readSymbolicLink(PROC.resolve(process.pid() + "/ns/pid"))
                        .equals(namespace)) {
                    found.add(process.pid());
                }
            } catch (IOException gone) {
                // it ended meanwhile
            }
        }
        return found;
    }

    private static String environment(long process) {
        try {
            return new String(Files.readAllBytes(PROC.resolve(process + "/environ")), StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }
}
