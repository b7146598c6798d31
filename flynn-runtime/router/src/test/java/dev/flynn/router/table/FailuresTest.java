package dev.flynn.router.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FailuresTest {

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final Failures failures = new Failures();

    @Test
    void aRefusalCountsForASecondOrUntilAConnectionIsAccepted() {
        failures.refused(0);
        assertThat(failures.areFresh(SECOND - 1)).isTrue();
        assertThat(failures.areFresh(SECOND)).isFalse();

        failures.refused(5 * SECOND);
        failures.accepted();
        assertThat(failures.areFresh(5 * SECOND)).isFalse();
    }

    @Test
    void failuresCountWhenThereAreSeveralInARow() {
        failures.failed(0);
        failures.failed(0);
        failures.answered();
        failures.failed(0);
        failures.failed(0);
        assertThat(failures.areFresh(0)).isFalse();

        failures.failed(SECOND);
        assertThat(failures.areFresh(SECOND)).isTrue();
        assertThat(failures.areFresh(12 * SECOND)).isFalse();

        failures.failed(12 * SECOND);
        assertThat(failures.areFresh(12 * SECOND)).isTrue();
    }
}
