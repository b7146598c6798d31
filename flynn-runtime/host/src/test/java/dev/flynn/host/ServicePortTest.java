package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.release.HealthCheck;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServicePortTest {

    @Test
    void aJobThatHasJustStartedIsCheckedAgainAtOnce() {
        assertThat(ServicePort.pauseBeforeUp(HealthCheck.tcp(), Duration.ZERO)).isEqualTo(Duration.ofMillis(2));
    }

    @Test
    void theLongerAJobTakesTheLessOftenItIsChecked() {
        assertThat(ServicePort.pauseBeforeUp(HealthCheck.tcp(), Duration.ofMillis(400)))
                .isEqualTo(Duration.ofMillis(50));
    }

    @Test
    void aJobThatIsNotUpIsCheckedEvery100MillisecondsAtLeast() {
        assertThat(ServicePort.pauseBeforeUp(HealthCheck.tcp(), Duration.ofHours(1)))
                .isEqualTo(Duration.ofMillis(100));
    }

    @ParameterizedTest
    @CsvSource({"0, 100", "400, 100", "4000, 500", "3600000, 1000"})
    void aCommandIsRunAgainAfterATenthOfASecondToOneSecond(long elapsed, long pause) {
        assertThat(ServicePort.pauseBeforeUp(HealthCheck.command("true"), Duration.ofMillis(elapsed)))
                .isEqualTo(Duration.ofMillis(pause));
    }
}
