package dev.flynn.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Control groups between which the kernel divides processor time by weight, of version 2 and of version 1. Weights of version 2
 * are made of shares as the OCI runtimes make them.
 */
public final class CpuGroups {

    private static final Path MOUNT = Path.of("/sys/fs/cgroup");
    private static final int LEAST_SHARES = 2;
    private static final int MOST_SHARES = 262_144;
    private static final int MOST_WEIGHT = 10_000;

    private CpuGroups() {}

    /**
     * Makes these groups within another, or gives them other shares.
     *
     * @param parent such as {@code /flynn}; made as well
     * @param shares by the name of the group, 2 to 262144
     * @throws IOException if this process may not, or the kernel has no such groups
     */
    public static void make(String parent, Map<String, Integer> shares) throws IOException {
        make(MOUNT, parent, shares);
    }

    static void make(Path mount, String parent, Map<String, Integer> shares) throws IOException {
        boolean unified = Files.exists(mount.resolve("cgroup.controllers"));
        Path hierarchy = unified ? mount : mount.resolve("cpu");
        if (!Files.isDirectory(hierarchy)) {
            throw new IOException("there is no " + hierarchy);
        }
        Path above = hierarchy;
        for (Path name : Path.of(parent.substring(1))) {
            if (unified) {
                handDown(above);
            }
            above = Files.createDirectories(above.resolve(name));
        }
        if (unified) {
            handDown(above);
        }
        for (Map.Entry<String, Integer> group : shares.entrySet()) {
            Path directory = Files.createDirectories(above.resolve(group.getKey()));
            Path file = directory.resolve(unified ? "cpu.weight" : "cpu.shares");
            Files.writeString(file, String.valueOf(unified ? weight(group.getValue()) : group.getValue()));
        }
    }

    /** What is below may divide processor time, too. */
    private static void handDown(Path group) throws IOException {
        Path file = group.resolve("cgroup.subtree_control");
        if (!(" " + Files.readString(file).strip() + " ").contains(" cpu ")) {
            Files.writeString(file, "+cpu");
        }
    }

    /** The weight, 1 to 10000, that stands for so many shares. */
    static int weight(int shares) {
        return 1 + (int) ((long) (shares - LEAST_SHARES) * (MOST_WEIGHT - 1) / (MOST_SHARES - LEAST_SHARES));
    }
}
