package dev.flynn.containers.oci;

import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.release.ResourceLimit;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that the runtime specification of a container says.
 *
 * @param arguments of the main process, the program first
 * @param layers of the root file system, topmost first
 * @param changes where what the container writes to it is kept
 * @param architectures whose system calls its programs may make
 * @param capabilities of root in the container; other users have none
 * @param mounts in the order in which they are made
 * @param hidden paths that are empty or not readable in the container; those that do not exist are fine
 * @param network its network namespace; the host's if empty
 * @param defaultProcesses how many it may have if its limits do not say
 * @param swapCounted whether the kernel counts swap per control group
 * @param controlGroup such as {@code /flynn/<job>}
 */
record ContainerPlan(
        String hostname,
        List<String> arguments,
        Map<String, String> environment,
        String workingDirectory,
        User user,
        Optional<TerminalSize> terminal,
        Path rootfs,
        List<Path> layers,
        Changes changes,
        List<String> architectures,
        List<String> capabilities,
        List<Entry> mounts,
        List<String> hidden,
        Path init,
        Optional<Path> network,
        String controlGroup,
        Map<String, ResourceLimit> limits,
        long defaultProcesses,
        boolean swapCounted) {

    /** Numbers of a user and of its groups. */
    record User(long uid, long gid, List<Long> groups) {

        static final User ROOT = new User(0, 0, List.of());

        User(long uid, long gid) {
            this(uid, gid, List.of());
        }
    }

    /** The two directories that overlayfs needs for what is written. */
    record Changes(Path upper, Path work) {}

    /** One mount, as the runtime specification has it. */
    record Entry(String destination, String type, String source, List<String> options) {

        static Entry bind(Path source, String destination, boolean writable) {
            return new Entry(
                    destination,
                    "bind",
                    source.toString(),
                    List.of("bind", writable ? "rw" : "ro", "nosuid", "nodev", "private"));
        }

        /** What is written need not survive anything, so that nothing waits for the disk. */
        static Entry overlay(List<Path> layers, Changes changes, String destination) {
            return new Entry(
                    destination,
                    "overlay",
                    "overlay",
                    List.of(
                            "lowerdir=" + Overlay.lower(layers),
                            "upperdir=" + Overlay.escaped(changes.upper()),
                            "workdir=" + Overlay.escaped(changes.work()),
                            "nodev",
                            "volatile"));
        }
    }
}
