package dev.flynn.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RestartPolicyTest {

    @Test
    void theDefaultIsPatientOnlyWithThoseThatKeepCrashing() {
        assertThat(RestartPolicy.fromEnv(Map.of())).isEqualTo(RestartPolicy.DEFAULT);
        assertThat(IntStream.of(0, 1, 2, 5, 6, 14, 15, 1000)
                        .mapToLong(n -> RestartPolicy.DEFAULT.delayAfter(n).toSeconds()))
                .containsExactly(0L, 0L, 1L, 8L, 10L, 10L, 30L, 30L);
    }

    @Test
    void theOlderPolicyDoublesItsUnit() {
        RestartPolicy policy = RestartPolicy.fromEnv(Map.of("BACKOFF_PERIOD", "10m"));

        assertThat(IntStream.rangeClosed(0, 8).mapToObj(policy::delayAfter).map(Duration::toMinutes))
                .containsExactly(0L, 10L, 20L, 40L, 80L, 160L, 320L, 320L, 320L);
        assertThat(policy.resetAfter()).isEqualTo(Duration.ofMinutes(10));
    }

    @ParameterizedTest
    @CsvSource({"10m,PT10M", "1h30m,PT1H30M", "5s,PT5S", "250ms,PT0.25S", "1m5s,PT1M5S"})
    void theUnitIsWrittenLikeDurationsOfGo(String text, Duration unit) {
        assertThat(RestartPolicy.fromEnv(Map.of("BACKOFF_PERIOD", text)).resetAfter())
                .isEqualTo(unit);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10", "ten minutes", "-5s", "0s", "5s!", "x5s"})
    void anythingElseIsRefusedByName(String text) {
        assertThatThrownBy(() -> RestartPolicy.fromEnv(Map.of("BACKOFF_PERIOD", text)))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("BACKOFF_PERIOD")
                .hasMessageContaining(text);
    }

    @Test
    void aPolicyHasADelay() {
        assertThatThrownBy(() -> new RestartPolicy(List.of(), Duration.ZERO)).isInstanceOf(FlynnException.class);
    }
}
