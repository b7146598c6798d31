package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.route.BackendProtocol;
import dev.flynn.api.route.RoutePolicy.HealthCheck;
import dev.flynn.router.table.Backend;
import dev.flynn.router.table.Health;
import dev.flynn.router.telemetry.MeterBudget;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class HealthTest {

    private static final HealthCheck CHECK = new HealthCheck("/", Duration.ofSeconds(1), Duration.ofSeconds(1), 3, 2);

    private final Health health = new Health(new Health.Subject(
            new Backend("127.0.0.1:1", MeterBudget.unlimited(1)), new Health.Question(CHECK, BackendProtocol.HTTP_1)));

    @Test
    void severalAnswersInARowChangeTheVerdict() {
        assertThat(health.isIll()).isFalse();
        assertThat(health.heard(false)).isFalse();
        assertThat(health.heard(false)).isFalse();
        assertThat(health.heard(false)).isTrue();
        assertThat(health.isIll()).isTrue();

        assertThat(health.heard(true)).isFalse();
        assertThat(health.heard(true)).isTrue();
        assertThat(health.isIll()).isFalse();
    }

    @Test
    void oneAnswerInBetweenBeginsTheCountAnew() {
        health.heard(false);
        health.heard(false);
        health.heard(true);
        health.heard(false);
        health.heard(false);
        assertThat(health.isIll()).isFalse();

        health.heard(false);
        health.heard(true);
        health.heard(false);
        health.heard(true);
        assertThat(health.isIll()).isTrue();
    }
}
