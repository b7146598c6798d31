package dev.flynn.acme;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.state.acme.CertificateAttempt;
import dev.flynn.state.acme.IssuedCertificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final String HERE = "https://here.example/dir";

    private static IssuedCertificate issued(Instant renewAt) {
        return new IssuedCertificate(HERE, "chain", "sealed", NOW, NOW.plusSeconds(9000), renewAt);
    }

    @Test
    void whatIsMissingIsDueAtOnce() {
        assertThat(Schedule.due(Optional.empty(), CertificateAttempt.NONE, HERE))
                .isBefore(NOW);
    }

    @Test
    void whatIsThereIsDueAtItsRenewal() {
        Instant renewal = NOW.plusSeconds(6000);
        assertThat(Schedule.due(Optional.of(issued(renewal)), CertificateAttempt.NONE, HERE))
                .isEqualTo(renewal);
    }

    @Test
    void whatAnotherAuthorityIssuedIsDueAtOnce() {
        assertThat(Schedule.due(Optional.of(issued(NOW.plusSeconds(6000))), CertificateAttempt.NONE, "https://else"))
                .isBefore(NOW);
    }

    @Test
    void aFailureDelaysAndNeverHastens() {
        CertificateAttempt failed = CertificateAttempt.NONE.failed("no", NOW, NOW.plusSeconds(300));
        Instant renewal = NOW.plusSeconds(6000);

        assertThat(Schedule.due(Optional.empty(), failed, HERE)).isEqualTo(NOW.plusSeconds(300));
        assertThat(Schedule.due(Optional.of(issued(renewal)), failed, HERE)).isEqualTo(renewal);
        assertThat(Schedule.due(Optional.empty(), failed.now(), HERE)).isBefore(NOW);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9})
    void theRenewalIsAroundTwoThirds(long seed) {
        Instant renewal = Schedule.renewal(NOW, NOW.plusSeconds(9000), new Random(seed));

        assertThat(renewal).isBetween(NOW.plusSeconds(5550), NOW.plusSeconds(6000));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void delaysDoubleUpToALimit(long seed) {
        Schedule schedule = Schedule.DEFAULT;
        Random random = new Random(seed);
        Duration hour = Duration.ZERO;
        int inAnHour = 1;
        for (int failures = 1; failures < 100; failures++) {
            Duration delay = schedule.delay(failures, random);
            assertThat(delay).isGreaterThanOrEqualTo(schedule.firstDelay());
            assertThat(delay)
                    .isLessThanOrEqualTo(
                            schedule.longestDelay().multipliedBy(11).dividedBy(10));
            hour = hour.plus(delay);
            inAnHour += hour.compareTo(Duration.ofHours(1)) < 0 ? 1 : 0;
        }
        assertThat(inAnHour).isLessThanOrEqualTo(5);
        assertThat(schedule.delay(3, random)).isGreaterThanOrEqualTo(Duration.ofMinutes(20));
    }
}
