package dev.flynn.containers.oci;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On trees of plain directories and files, as the kernel lays them out. */
class ControlGroupsTest {

    @TempDir
    Path mount;

    @Test
    void oneHierarchyHasEverythingInVersion2() throws IOException {
        write("cgroup.controllers", "cpu memory pids");
        write("init.scope/memory.swap.max", "max");
        write("flynn/job/cgroup.procs", "11\n12\n");
        write("flynn/job/exec-1/cgroup.procs", "13\n");
        write("flynn/job/memory.events", "low 0\nhigh 0\nmax 9\noom 3\noom_kill 2\noom_group_kill 0\n");

        ControlGroups groups = ControlGroups.at(mount);

        assertThat(groups.unified()).isTrue();
        assertThat(groups.hierarchies()).containsExactly(mount);
        assertThat(groups.processes("/flynn/job")).containsExactlyInAnyOrder(11L, 12L, 13L);
        assertThat(groups.outOfMemoryKills("/flynn/job")).isEqualTo(2);
        assertThat(groups.within("exec-1")).isEqualTo("exec-1");
        assertThat(groups.swapCounted()).isTrue();
        assertThat(groups.monitors("/flynn")).isEqualTo(mount.resolve("flynn/monitors/cgroup.procs"));
    }

    @Test
    void aKernelOfVersion2ThatCountsNoSwapIsAskedForNoLimitOfIt() throws IOException {
        write("cgroup.controllers", "cpu memory pids");
        write("init.scope/memory.max", "max");

        assertThat(ControlGroups.at(mount).swapCounted()).isFalse();
    }

    @Test
    void whereThereAreNoneNoContainerCanHaveOne() throws IOException {
        assertThat(ControlGroups.at(mount.resolve("none")).areUsable()).isFalse();
        assertThat(ControlGroups.at(mount).areUsable()).isFalse();

        write("memory/cgroup.procs", "");
        assertThat(ControlGroups.at(mount).areUsable()).isFalse();
        write("pids/cgroup.procs", "");
        assertThat(ControlGroups.at(mount).areUsable()).isTrue();
    }

    @Test
    void eachControllerHasAHierarchyInVersion1() throws IOException {
        for (String controller : new String[] {"memory", "pids", "systemd"}) {
            write(controller + "/cgroup.procs", "");
        }
        write("memory/memory.memsw.limit_in_bytes", "0");
        write("pids/flynn/job/cgroup.procs", "21\n");
        write("memory/flynn/job/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");

        ControlGroups groups = ControlGroups.at(mount);

        assertThat(groups.unified()).isFalse();
        assertThat(groups.hierarchies())
                .containsExactlyInAnyOrder(mount.resolve("memory"), mount.resolve("pids"), mount.resolve("systemd"));
        assertThat(groups.processes("/flynn/job")).containsExactly(21L);
        assertThat(groups.outOfMemoryKills("/flynn/job")).isEqualTo(1);
        assertThat(groups.within("exec-1")).isEqualTo("pids:exec-1");
        assertThat(groups.swapCounted()).isTrue();
        assertThat(groups.monitors("/flynn")).isEqualTo(mount.resolve("systemd/flynn/monitors/cgroup.procs"));
    }

    @Test
    void aGroupGoesWithThoseWithinItFromAllHierarchies() throws IOException {
        for (String controller : new String[] {"memory", "pids"}) {
            write(controller + "/cgroup.procs", "");
            Files.createDirectories(mount.resolve(controller + "/flynn/job/exec-1"));
        }
        ControlGroups groups = ControlGroups.at(mount);
        assertThat(groups.children("/flynn")).containsExactly("job");

        groups.delete("/flynn/job");

        assertThat(groups.children("/flynn")).isEmpty();
        assertThat(mount.resolve("memory/flynn")).isEmptyDirectory();
    }

    private void write(String file, String text) throws IOException {
        Path path = mount.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }
}
