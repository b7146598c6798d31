package dev.flynn.containers.oci;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

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
    void processorsHaveTheirKin() {
        assertThat(Seccomp.architectures("amd64")).contains("SCMP_ARCH_X86_64", "SCMP_ARCH_X86");
        assertThat(Seccomp.architectures("aarch64")).startsWith("SCMP_ARCH_AARCH64");
        assertThat(Seccomp.architectures("s390x")).isEmpty();
    }
}
