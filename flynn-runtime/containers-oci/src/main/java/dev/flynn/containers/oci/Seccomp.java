package dev.flynn.containers.oci;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** Which system calls containers may use: those of the list {@code syscalls.txt}, and of some others harmless forms. */
final class Seccomp {

    private static final List<String> NAMES = names();

    /** What the kernel runs 32-bit programs with; hardly an image has one of these. */
    private static final List<String> LOADERS_OF_32_BITS =
            List.of("ld-linux.so.2", "ld-musl-i386.so.1", "ld-linux-armhf.so.3", "ld-linux.so.3", "ld-musl-armhf.so.1");

    private static final int EPERM = 1;
    private static final int ENOSYS = 38;
    /** The flags of clone that make namespaces. */
    private static final long NEW_NAMESPACES = 0x7E02_0000L;

    private static final int AF_VSOCK = 40;

    private Seccomp() {}

    /**
     * Programs of an older kin are refused every system call unless that kin is among the architectures: each of them costs a
     * twentieth of the start of a container.
     */
    static Map<String, Object> profile(List<String> architectures) {
        List<Map<String, Object>> rules = new ArrayList<>();
        rules.add(Map.of("names", NAMES, "action", "SCMP_ACT_ALLOW"));
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
                architectures,
                "syscalls",
                rules);
    }

    /** Of this machine's processor, and of its older kin if an image can run its programs. */
    static List<String> architectures(List<Path> layers) {
        return architectures(System.getProperty("os.arch", ""), hasLoaderOf32Bits(layers));
    }

    static List<String> architectures(String processor, boolean of32Bits) {
        return switch (processor) {
            case "amd64", "x86_64" ->
                of32Bits ? List.of("SCMP_ARCH_X86_64", "SCMP_ARCH_X86") : List.of("SCMP_ARCH_X86_64");
            case "aarch64" -> of32Bits ? List.of("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM") : List.of("SCMP_ARCH_AARCH64");
            default -> List.of();
        };
    }

    /** Whether one of the layers has such a loader, or a link to it. */
    static boolean hasLoaderOf32Bits(List<Path> layers) {
        return layers.stream()
                .flatMap(layer -> Stream.of(layer.resolve("lib"), layer.resolve("usr/lib")))
                .anyMatch(folder -> LOADERS_OF_32_BITS.stream()
                        .anyMatch(loader -> Files.exists(folder.resolve(loader), LinkOption.NOFOLLOW_LINKS)));
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
