package dev.flynn.tck.container;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What jobs may leave on a machine: the traces that name one of them or the backend's directory, and the machine's network
 * interfaces.
 *
 * @param found each with its kind and name
 * @param descriptors how many this process has open
 */
record Traces(Set<String> found, int descriptors) {

    /** The process that checks opens some itself: sockets, jars, pipes. */
    private static final int DESCRIPTORS_OF_THE_CHECK = 8;

    /** @param interfaces which network interfaces count, by name */
    static Traces now(Path dataDirectory, Collection<String> jobs, Predicate<String> interfaces) throws IOException {
        Set<String> marks = new HashSet<>(jobs);
        Set<String> found = new TreeSet<>();
        found.addAll(names(dataDirectory, "file", 12));
        names(Path.of("/sys/class/net"), "interface", 1).stream()
                .filter(device -> interfaces.test(device.substring(device.lastIndexOf('/') + 1)))
                .forEach(found::add);
        found.addAll(naming(names(Path.of("/sys/fs/cgroup"), "cgroup", 6), marks));
        found.addAll(naming(names(Path.of("/run/netns"), "network namespace", 1), marks));
        found.addAll(processes(marks));
        marks.add(dataDirectory.toString());
        for (String mount : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
            if (marks.stream().anyMatch(mount::contains)) {
                found.add("mount " + mount.split(" ")[4]);
            }
        }
        return new Traces(
                found, names(Path.of("/proc/self/fd"), "descriptor", 1).size());
    }

    /** What is here and was not there, in the same words each time. */
    Set<String> beyond(Traces earlier) {
        Set<String> more = new TreeSet<>(found);
        more.removeAll(earlier.found);
        if (descriptors > earlier.descriptors + DESCRIPTORS_OF_THE_CHECK) {
            more.add("open descriptors, %d more than before at least".formatted(DESCRIPTORS_OF_THE_CHECK));
        }
        return more;
    }

    private static Set<String> names(Path folder, String kind, int depth) {
        Set<String> names = new HashSet<>();
        collect(folder, kind, depth, names);
        return names;
    }

    /** What goes away while it is listed is none. */
    private static void collect(Path folder, String kind, int depth, Set<String> into) {
        try (Stream<Path> children = Files.list(folder)) {
            for (Path child : children.toList()) {
                into.add(kind + " " + child);
                if (depth > 1 && Files.isDirectory(child, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
                    collect(child, kind, depth - 1, into);
                }
            }
        } catch (IOException | java.io.UncheckedIOException gone) {
            return;
        }
    }

    private static Set<String> naming(Set<String> names, Collection<String> marks) {
        return names.stream()
                .filter(name -> marks.stream().anyMatch(name::contains))
                .collect(Collectors.toSet());
    }

    private static Set<String> processes(Collection<String> marks) {
        return ProcessHandle.allProcesses()
                .filter(process -> process.pid() != ProcessHandle.current().pid())
                .filter(process -> {
                    String line = read(process.pid(), "cmdline") + read(process.pid(), "environ");
                    return marks.stream().anyMatch(line::contains);
                })
                .map(process -> "process " + process.pid() + " "
                        + read(process.pid(), "cmdline").replace('\0', ' '))
                .collect(Collectors.toSet());
    }

    private static String read(long process, String file) {
        try {
            return new String(Files.readAllBytes(Path.of("/proc/" + process, file)), StandardCharsets.UTF_8);
        } catch (IOException gone) {
            return "";
        }
    }
}
