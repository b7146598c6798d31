package dev.flynn.containers.oci;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Which system calls containers may use: those of the list {@code syscalls.txt}, and of some others harmless forms. */
final class Seccomp {

    static final Map<String, Object> PROFILE = profile();

    private static final int EPERM = 1;
    private static final int ENOSYS = 38;
    /** The flags of clone that make namespaces. */
    private static final long NEW_NAMESPACES = 0x7E02_0000L;

    private static final int AF_VSOCK = 40;

    private Seccomp() {}

    private static Map<String, Object> profile() {
        List<Map<String, Object>> rules = new ArrayList<>();
        rules.add(Map.of("names", names(), "action", "SCMP_ACT_ALLOW"));
        // a thread or a process, but no namespace
        rules.add(Map.of(
                "names",
                List.of("clone"),
                "action",
                "SCMP_ACT_ALLOW",
                "args",
                List.of(Map.of("index", 0, "value", NEW_NAMESPACES, "valueTwo", 0, "op", "SCMP_CMP_MASKED_EQ"))));
        // its flags are in memory, where a filter cannot see them; the C library falls back to clone
        rules.add(Map.of("names", List.of("clone3"), "action", "SCMP_ACT_ERRNO", "errnoRet", ENOSYS));
        for (long persona : new long[] {0, 8, 0x20000, 0x20008, 0xFFFF_FFFFL}) {
            rules.add(Map.of(
                    "names",
                    List.of("personality"),
                    "action",
                    "SCMP_ACT_ALLOW",
                    "args",
                    List.of(Map.of("index", 0, "value", persona, "op", "SCMP_CMP_EQ"))));
        }
        // all sockets but those to the machine's hypervisor
        rules.add(Map.of(
                "names",
                List.of("socket"),
                "action",
                "SCMP_ACT_ALLOW",
                "args",
                List.of(Map.of("index", 0, "value", AF_VSOCK, "op", "SCMP_CMP_NE"))));
        return Map.of(
                "defaultAction",
                "SCMP_ACT_ERRNO",
                "defaultErrnoRet",
                EPERM,
                "architectures",
                architectures(System.getProperty("os.arch", "")),
                "syscalls",
                rules);
    }

    /** Of the processor, and of its older kin whose programs it runs. */
    static List<String> architectures(String processor) {
        return switch (processor) {
            case "amd64", "x86_64" -> List.of("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32");
            case "aarch64" -> List.of("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM");
            default -> List.of();
        };
    }

    static List<String> names() {
        try (InputStream list = Seccomp.class.getResourceAsStream("syscalls.txt")) {
            return new String(Objects.requireNonNull(list, "syscalls.txt").readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .flatMap(line -> List.of(line.strip().split("\\s+")).stream())
                    .filter(name -> !name.isEmpty())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the list of system calls", e);
        }
    }
}
