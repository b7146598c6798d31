package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.release.HealthCheck;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HealthStateTest {

    @ParameterizedTest
    @CsvSource({
        "'', CREATED",
        "----, CREATED",
        "+, UP",
        "---+, UP",
        "+-, UP",
        "+--, DOWN",
        "+-+-, UP",
        "+--+, DOWN",
        "+--++, UP",
        "+--+-+, DOWN",
    })
    void oneSuccessMakesItUpAndThenTheThresholdRules(String results, HealthState.State expected) {
        HealthState state = HealthState.CREATED;
        for (char result : results.toCharArray()) {
            state = state.after(result == '+', check(2));
        }

        assertThat(state.state()).isEqualTo(expected);
    }

    private static HealthCheck check(int threshold) {
        return new HealthCheck(
                "tcp",
                Duration.ofSeconds(2),
                threshold,
                false,
                Duration.ofSeconds(10),
                "/",
                Optional.empty(),
                Optional.empty(),
                200);
    }
}
