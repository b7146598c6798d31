package dev.flynn.containers.oci;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.Mount;
import dev.flynn.api.id.JobId;
import dev.flynn.containers.oci.ContainerPlan.User;
import dev.flynn.spi.container.JobFiles;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class JobUsersTest {

    private static final List<Mount> SLUG = List.of(new Mount("/slug", "/app", Mount.Access.PRIVATE_COPY));
    private static final List<Mount> VOLUME = List.of(new Mount("/volume", "/data", Mount.Access.READ_WRITE));

    private final JobUsers users = new JobUsers(Optional.empty());

    @Test
    void eachJobHasAUserOfItsOwn() {
        Set<Long> seen = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            seen.add(users.of(job("app"), SLUG).uid());
        }

        assertThat(seen).hasSize(1000).allSatisfy(uid -> assertThat(uid).isBetween(0x7000_0000L, 0x77FF_FFFFL));
    }

    @Test
    void aJobKeepsItsUser() {
        JobSpec job = job("app");

        assertThat(users.of(job, SLUG)).isEqualTo(new JobUsers(Optional.empty()).of(job, SLUG));
    }

    @Test
    void whoeverWritesToAVolumeIsItsAppOnEveryHost() {
        User first = users.of(job("app"), VOLUME);

        assertThat(users.of(job("app").withId(JobId.random("other")), VOLUME)).isEqualTo(first);
        assertThat(users.of(job("other-app"), VOLUME)).isNotEqualTo(first);
        assertThat(first.uid()).isBetween(0x7800_0000L, 0x7FFF_FFFFL);
    }

    @Test
    void whoeverWritesToFilesOfTheHostWithoutAnAppIsKnownBeforehand() {
        JobSpec job = JobSpec.builder(JobId.random("host1"), ShellImage.image()).build();

        assertThat(users.of(job, VOLUME).uid()).isEqualTo(100_000);
    }

    @Test
    void anOperatorMayWantOneUserForAll() {
        var fixed = new JobUsers(Optional.of(new User(4711, 4712)));

        assertThat(fixed.of(job("app"), SLUG))
                .isEqualTo(fixed.of(job("app"), VOLUME))
                .isEqualTo(new User(4711, 4712));
    }

    @Test
    void allAreInTheGroupThatMayChangeWhatTheHostLaysIn() {
        assertThat(users.of(job("app"), SLUG).gid()).isEqualTo(JobFiles.GROUP);
    }

    private static JobSpec job(String app) {
        return JobSpec.builder(JobId.random("host1"), ShellImage.image())
                .metadata(Map.of(JobSpec.META_APP, app))
                .build();
    }
}
