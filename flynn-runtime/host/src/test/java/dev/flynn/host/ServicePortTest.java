package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ServicePortTest {

    @Test
    void aJobThatHasJustStartedIsCheckedAgainAtOnce() {
        assertThat(ServicePort.pauseBeforeUp(Duration.ZERO)).isEqualTo(Duration.ofMillis(2));
    }

    @Test
    void theLongerAJobTakesTheLessOftenItIsChecked() {
        assertThat(ServicePort.pauseBeforeUp(Duration.ofMillis(400))).isEqualTo(Duration.ofMillis(50));
    }

    @Test
    void aJobThatIsNotUpIsCheckedEvery100MillisecondsAtLeast() {
        assertThat(ServicePort.pauseBeforeUp(Duration.ofHours(1))).isEqualTo(Duration.ofMillis(100));
    }
}
