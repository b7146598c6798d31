package dev.flynn.containers.oci;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.containers.oci.ContainerPlan.Changes;
import dev.flynn.containers.oci.ContainerPlan.Entry;
import dev.flynn.containers.oci.ContainerPlan.User;
import dev.flynn.json.FlynnJson;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

class RuntimeSpecTest {

    private static final User APP = new User(100_000, 100_000);

    @Test
    void theRootIsMountedBeforeEverythingInIt() {
        JsonNode mounts = spec(plan(APP, Map.of())).path("mounts");

        assertThat(mounts.get(0).path("destination").asText()).isEqualTo("/");
        assertThat(mounts.get(0).path("options"))
                .extracting(JsonNode::asText)
                .contains("lowerdir=/top:/with\\:colon", "upperdir=/job/upper", "workdir=/job/work");
        assertThat(mounts)
                .extracting(mount -> mount.path("destination").asText())
                .containsSubsequence("/", "/proc", "/dev", "/sys", "/given", RuntimeSpec.INIT);
    }

    @Test
    void theMainProcessIsTheInitsChild() {
        JsonNode process = spec(plan(APP, Map.of())).path("process");

        assertThat(process.path("args"))
                .extracting(JsonNode::asText)
                .containsExactly(RuntimeSpec.INIT, "--", "/bin/program", "argument");
        assertThat(process.path("env")).extracting(JsonNode::asText).containsExactly("NAME=a value");
    }

    @Test
    void onlyRootHasCapabilities() {
        JsonNode ofApp = spec(plan(APP, Map.of())).at("/process/capabilities");
        JsonNode ofRoot = spec(plan(User.ROOT, Map.of())).at("/process/capabilities");

        assertThat(ofApp.path("effective")).isEmpty();
        assertThat(ofApp.path("ambient")).isEmpty();
        assertThat(ofRoot.path("effective")).extracting(JsonNode::asText).containsExactly("CAP_CHOWN");
        assertThat(spec(plan(User.ROOT, Map.of()))
                        .at("/process/noNewPrivileges")
                        .asBoolean())
                .isTrue();
    }

    @Test
    void limitsAreThoseOfTheJob() {
        JsonNode spec = spec(plan(
                APP,
                Map.of(
                        ResourceLimit.MEMORY,
                        ResourceLimit.of(64 << 20),
                        ResourceLimit.MAX_PROCS,
                        ResourceLimit.of(20),
                        ResourceLimit.MAX_FD,
                        new ResourceLimit(OptionalLong.of(100), OptionalLong.of(200)),
                        "cpu",
                        ResourceLimit.of(500))));

        assertThat(spec.at("/linux/resources/memory/limit").asLong()).isEqualTo(64 << 20);
        assertThat(spec.at("/linux/resources/memory/swap").asLong()).isEqualTo(64 << 20);
        assertThat(spec.at("/linux/resources/pids/limit").asLong()).isEqualTo(20);
        assertThat(spec.at("/linux/resources/cpu/shares").asLong()).isEqualTo(512);
        assertThat(spec.at("/process/rlimits/0/soft").asLong()).isEqualTo(100);
        assertThat(spec.at("/process/rlimits/0/hard").asLong()).isEqualTo(200);
    }

    @Test
    void aJobThatSaysNothingHasLimitsToo() {
        JsonNode spec = spec(plan(APP, Map.of()));

        assertThat(spec.at("/linux/resources/pids/limit").asLong()).isEqualTo(4096);
        assertThat(spec.at("/linux/resources/cpu/shares").asLong()).isEqualTo(1024);
        assertThat(spec.at("/process/rlimits/0/hard").asLong()).isEqualTo(ResourceLimit.DEFAULT_MAX_FD);
    }

    @Test
    void withoutANetworkOfItsOwnItHasTheHosts() {
        JsonNode namespaces = spec(plan(APP, Map.of())).at("/linux/namespaces");

        assertThat(types(namespaces)).containsExactlyInAnyOrder("mount", "pid", "ipc", "uts");
    }

    @Test
    void aCommandIsAsTheMainProcessButForItsArguments() {
        Map<String, Object> main = Map.of(
                "args",
                List.of("main"),
                "cwd",
                "/app",
                "terminal",
                true,
                "consoleSize",
                Map.of("height", 1, "width", 1));

        assertThat(RuntimeSpec.command(main, List.of("other")))
                .isEqualTo(Map.of("args", List.of("other"), "cwd", "/app", "terminal", false));
    }

    private static List<String> types(JsonNode namespaces) {
        return StreamSupport.stream(namespaces.spliterator(), false)
                .map(namespace -> namespace.path("type").asText())
                .toList();
    }

    private static JsonNode spec(ContainerPlan plan) {
        return new FlynnJson().toTree(RuntimeSpec.of(plan));
    }

    private static ContainerPlan plan(User user, Map<String, ResourceLimit> limits) {
        return new ContainerPlan(
                "name",
                List.of("/bin/program", "argument"),
                Map.of("NAME", "a value"),
                "/app",
                user,
                Optional.of(TerminalSize.DEFAULT),
                Path.of("/rootfs"),
                List.of(Path.of("/top"), Path.of("/with:colon")),
                new Changes(Path.of("/job/upper"), Path.of("/job/work")),
                List.of("SCMP_ARCH_X86_64"),
                List.of("CAP_CHOWN"),
                List.of(Entry.bind(Path.of("/source"), "/given", false)),
                List.of("/secret"),
                Path.of("/usr/bin/tini-static"),
                Optional.empty(),
                "/flynn/test-job",
                limits,
                4096,
                true);
    }
}
