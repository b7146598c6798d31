package dev.flynn.containers.oci;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SeccompTest {

    @Test
    void whatReachesBeyondAContainerIsNotInTheList() {
        assertThat(Seccomp.names())
                .doesNotHaveDuplicates()
                .doesNotContain(
                        "mount",
                        "umount2",
                        "pivot_root",
                        "ptrace",
                        "process_vm_readv",
                        "keyctl",
                        "add_key",
                        "request_key",
                        "bpf",
                        "unshare",
                        "setns",
                        "clone",
                        "clone3",
                        "init_module",
                        "finit_module",
                        "kexec_load",
                        "reboot",
                        "swapon",
                        "open_by_handle_at",
                        "perf_event_open",
                        "userfaultfd",
                        "io_uring_setup",
                        "fsopen",
                        "move_mount",
                        "acct",
                        "settimeofday",
                        "clock_settime",
                        "iopl",
                        "ioperm",
                        "syslog",
                        "quotactl");
    }

    @Test
    void whatEveryProgramNeedsIs() {
        assertThat(Seccomp.names())
                .contains(
                        "read",
                        "write",
                        "openat",
                        "execve",
                        "futex",
                        "mmap",
                        "epoll_wait",
                        "getrandom",
                        "rseq",
                        "statx");
    }

    @Test
    void processorsHaveTheirKinWhereAnImageCanRunIt() {
        assertThat(Seccomp.architectures("amd64", true)).containsExactly("SCMP_ARCH_X86_64", "SCMP_ARCH_X86");
        assertThat(Seccomp.architectures("amd64", false)).containsExactly("SCMP_ARCH_X86_64");
        assertThat(Seccomp.architectures("aarch64", true)).containsExactly("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM");
        assertThat(Seccomp.architectures("aarch64", false)).containsExactly("SCMP_ARCH_AARCH64");
        assertThat(Seccomp.architectures("s390x", false)).isEmpty();
    }

    @Test
    void aLoaderOf32BitsIsFoundInAnyLayerAndAlsoIfItIsALink(@TempDir Path images) throws IOException {
        Path base = Files.createDirectories(images.resolve("base/lib")).getParent();
        Path above = Files.createDirectories(images.resolve("above/usr/lib"))
                .resolve("../..")
                .normalize();
        List<Path> layers = List.of(above, base);

        assertThat(Seccomp.hasLoaderOf32Bits(layers)).isFalse();
        Path link = Files.createSymbolicLink(above.resolve("usr/lib/ld-linux.so.2"), Path.of("/lib32/nowhere"));
        assertThat(Seccomp.hasLoaderOf32Bits(layers)).isTrue();
        Files.delete(link);
        Files.createFile(base.resolve("lib/ld-musl-i386.so.1"));
        assertThat(Seccomp.hasLoaderOf32Bits(layers)).isTrue();
    }
}
