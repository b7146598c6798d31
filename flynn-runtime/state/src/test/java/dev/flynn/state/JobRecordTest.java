package dev.flynn.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.Mount;
import dev.flynn.api.id.JobId;
import dev.flynn.json.FlynnJson;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class JobRecordTest {

    private final FlynnJson json = new FlynnJson();
    private final JobSpec spec =
            JobSpec.ofCommand(JobId.random("host"), new JobSpec.Image("host", "host:x"), List.of("true"));

    @Test
    void aRecordOfAnEarlierVersionIsRead() {
        JobRecord plain = JobRecord.pending(spec, 0, Instant.EPOCH);
        String earlier = json.write(plain)
                .replaceAll(",\"mounts\":\\[\\]", "")
                .replaceAll(",\"working_directory\":(null|\"\")", "");
        assertThat(earlier).doesNotContain("mounts", "working_directory");

        assertThat(json.read(earlier, JobRecord.class)).isEqualTo(plain);
    }

    @Test
    void whatAJobMountsIsKept() {
        JobSpec mounting = spec.toBuilder()
                .mounts(List.of(new Mount("/srv/files", "/files", Mount.Access.READ_ONLY)))
                .workingDirectory(Optional.of("/files"))
                .build();
        JobRecord job = JobRecord.pending(mounting, 0, Instant.EPOCH);

        assertThat(json.read(json.write(job), JobRecord.class)).isEqualTo(job);
    }
}
