package dev.flynn.api.id;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JobIdTest {

    @Test
    void aJobIsOnTheHostThatStandsBeforeTheFirstDash() {
        var job = new JobId("host1-5a9c1b2e-3f4d");

        assertThat(job.isOn("host1")).isTrue();
        assertThat(job.isOn("host")).isFalse();
        assertThat(job.isOn("host1-5a9c1b2e")).isFalse();
        assertThat(job.isOn("host11")).isFalse();
        assertThat(job.isOn("")).isFalse();
        assertThat(job.hostId()).isEqualTo("host1");
    }
}
