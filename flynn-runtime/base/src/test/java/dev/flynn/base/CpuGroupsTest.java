package dev.flynn.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpuGroupsTest {

    @TempDir
    Path mount;

    @Test
    void versionOneHasShares() throws IOException {
        Files.createDirectory(mount.resolve("cpu"));

        CpuGroups.make(mount, "/flynn/here", Map.of("user", 8192, "system", 4096));
        CpuGroups.make(mount, "/flynn/here", Map.of("user", 100));

        assertThat(mount.resolve("cpu/flynn/here/user/cpu.shares")).hasContent("100");
        assertThat(mount.resolve("cpu/flynn/here/system/cpu.shares")).hasContent("4096");
    }

    @Test
    void versionTwoHasWeightsOnceEveryGroupAboveHandsThemDown() throws IOException {
        Files.createFile(mount.resolve("cgroup.controllers"));
        Files.writeString(mount.resolve("cgroup.subtree_control"), "cpuset cpu io\n");
        Path parent = Files.createDirectory(mount.resolve("flynn"));
        Files.writeString(parent.resolve("cgroup.subtree_control"), "cpuset\n");

        CpuGroups.make(mount, "/flynn", Map.of("user", 8192));

        assertThat(mount.resolve("cgroup.subtree_control")).hasContent("cpuset cpu io\n");
        assertThat(parent.resolve("cgroup.subtree_control")).hasContent("+cpu");
        assertThat(parent.resolve("user/cpu.weight")).hasContent(String.valueOf(CpuGroups.weight(8192)));
    }

    /** The ends, and that of a group about which nothing is said: as the OCI runtimes have them. */
    @Test
    void sharesBecomeWeights() {
        assertThat(CpuGroups.weight(2)).isEqualTo(1);
        assertThat(CpuGroups.weight(1024)).isEqualTo(39);
        assertThat(CpuGroups.weight(262_144)).isEqualTo(10_000);
    }

    @Test
    void aKernelWithoutSuchGroupsIsNamed() {
        assertThatThrownBy(() -> CpuGroups.make(mount, "/flynn", Map.of("user", 8192)))
                .hasMessageContaining(mount.resolve("cpu").toString());
    }
}
