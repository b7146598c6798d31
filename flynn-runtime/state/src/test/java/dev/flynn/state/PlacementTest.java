package dev.flynn.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.host.Capacity;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.Priority;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.api.release.ResourceLimit;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PlacementTest {

    private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");

    @Test
    void nothingSaidIsAnAppsJobAnywhere() {
        assertThat(of(Map.of(), Map.of())).isEqualTo(new Placement(Priority.USER, Optional.empty()));
    }

    @Test
    void theTypeSaysItBeforeTheReleaseAndTheReleaseBeforeTheApp() {
        assertThat(of(Map.of("flynn-priority", "background"), Map.of()).priority())
                .isEqualTo(Priority.BACKGROUND);
        assertThat(of(Map.of("flynn-priority", "background"), Map.of("flynn-priority", "user"))
                        .priority())
                .isEqualTo(Priority.USER);
        assertThat(of(Map.of(), Map.of("flynn-anti-affinity", "zone", "flynn-anti-affinity.web", "host"))
                        .antiAffinity())
                .contains("host");
        assertThat(of(Map.of(), Map.of("flynn-anti-affinity.worker", "host")).antiAffinity())
                .isEmpty();
    }

    @Test
    void onlyThePlatformsOwnAppsAreTheSystem() {
        assertThat(of(Map.of("flynn-system-app", "true"), Map.of()).priority()).isEqualTo(Priority.SYSTEM);
        assertThat(of(Map.of(), Map.of("flynn-priority", "system")).priority()).isEqualTo(Priority.USER);
    }

    @Test
    void whatIsNoPriorityIsNotHeard() {
        assertThat(of(Map.of(), Map.of("flynn-priority", "urgent")).priority()).isEqualTo(Priority.USER);
    }

    @Test
    void aJobReservesWhatItRequestsButNotWhatThePlatformGivesEveryJob() {
        Map<String, ResourceLimit> said = Map.of(
                "memory", new ResourceLimit(OptionalLong.of(100 << 20), OptionalLong.of(500 << 20)),
                "cpu", new ResourceLimit(OptionalLong.empty(), OptionalLong.of(250)));

        assertThat(Capacity.reservedBy(said)).isEqualTo(new Capacity(100 << 20, 250));
        assertThat(Capacity.reservedBy(ResourceLimit.withDefaults(said))).isEqualTo(new Capacity(100 << 20, 250));
        assertThat(Capacity.reservedBy(ResourceLimit.withDefaults(Map.of()))).isEqualTo(Capacity.NONE);
    }

    @Test
    void aJobIsOfThePartitionOfItsPriority() {
        JobSpec job = JobSpecs.ofProcessType(
                JobId.random("a"),
                app(Map.of()),
                release(Map.of("flynn-priority.worker", "background")),
                new Artifact(ArtifactId.random(), Artifact.HOST, "host:slugrunner", NOW),
                "worker",
                ProcessType.ofCommand(List.of("run")));

        assertThat(job.partition()).contains(Priority.BACKGROUND);
    }

    private static Placement of(Map<String, String> appMeta, Map<String, String> releaseMeta) {
        return Placement.of(Optional.of(app(appMeta)), release(releaseMeta), "web");
    }

    private static App app(Map<String, String> meta) {
        return new App(AppId.random(), "shop", meta, Strategy.ALL_AT_ONCE, Optional.empty(), 30, false, NOW, NOW);
    }

    private static Release release(Map<String, String> meta) {
        return new Release(ReleaseId.random(), Optional.empty(), List.of(), Map.of(), meta, Map.of(), NOW);
    }
}
