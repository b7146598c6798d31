package dev.flynn.distro;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Finds out which process listens on a TCP port, from {@code /proc} (proc(5)); as far as this user may see it. */
final class PortHolder {

    private static final String LISTEN = "0A";
    private static final int LOCAL_ADDRESS = 1;
    private static final int STATE = 3;
    private static final int INODE = 9;

    private final Path proc;

    PortHolder(Path proc) {
        this.proc = proc;
    }

    /** Such as {@code nginx (process id 812)}. */
    Optional<String> describe(int port) {
        Set<String> sockets = listeningInodes(port);
        if (sockets.isEmpty()) {
            return Optional.empty();
        }
        for (Path process : processes()) {
            if (holdsAny(process, sockets)) {
                return Optional.of("%s (process id %s)".formatted(command(process), process.getFileName()));
            }
        }
        return Optional.of("a process of another user");
    }

    private Set<String> listeningInodes(int port) {
        String suffix = String.format(Locale.ROOT, ":%04X", port);
        Set<String> inodes = new HashSet<>();
        for (String table : List.of("net/tcp", "net/tcp6")) {
            for (String line : lines(proc.resolve(table))) {
                String[] fields = line.strip().split("\\s+", -1);
                if (fields.length > INODE && fields[STATE].equals(LISTEN) && fields[LOCAL_ADDRESS].endsWith(suffix)) {
                    inodes.add("socket:[" + fields[INODE] + "]");
                }
            }
        }
        return inodes;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException absent) {
            return List.of();
        }
    }

    private List<Path> processes() {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(proc, "[0-9]*")) {
            directories.forEach(found::add);
        } catch (IOException unreadable) {
            return List.of();
        }
        return found;
    }

    private static boolean holdsAny(Path process, Set<String> sockets) {
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path descriptor : descriptors) {
                if (sockets.contains(Files.readSymbolicLink(descriptor).toString())) {
                    return true;
                }
            }
        } catch (IOException notOurs) {
            return false;
        }
        return false;
    }

    private static String command(Path process) {
        List<String> name = lines(process.resolve("comm"));
        return name.isEmpty() ? "a process" : name.get(0).strip();
    }
}
