package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.release.HealthCheck;
import dev.flynn.api.release.HealthChecks;
import dev.flynn.api.release.Service;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PortHealthTest {

    private static final Optional<HealthCheck> CHECK = Optional.of(check("/", false));
    private static final Optional<HealthCheck> KILLING = Optional.of(check("/", true));
    private static final Optional<HealthCheck> STARTUP = Optional.of(check("/started", true));
    private static final Optional<HealthCheck> LIVENESS = Optional.of(check("/alive", false));

    private static HealthCheck check(String path, boolean killDown) {
        return new HealthCheck(
                "http",
                Duration.ofSeconds(2),
                2,
                killDown,
                Duration.ofSeconds(10),
                path,
                Optional.empty(),
                Optional.empty(),
                200);
    }

    /** S, R+, R-, L+, L-, T: it started, is ready or not, alive or not, its start time is over. */
    private static PortHealth after(String events, HealthChecks checks) {
        PortHealth health = PortHealth.UNKNOWN;
        for (String event :
                events.isBlank() ? List.<String>of() : List.of(events.trim().split(" "))) {
            health = switch (event) {
                case "S" -> health.afterStartup(checks);
                case "R+", "R-" -> health.afterReadiness(event.endsWith("+"), checks);
                case "L+", "L-" -> health.afterLiveness(event.endsWith("+"), checks);
                default -> health.afterStartTime();
            };
        }
        return health;
    }

    @ParameterizedTest
    @CsvSource({
        "'', false, false",
        "T, false, true",
        "S, true, false",
        "S T, true, false",
        "S R-, true, false",
        "S R- R-, false, false",
        "S R- R- T, false, true",
        "S T R- R-, false, true",
        "S R- R- R+ R+ T, true, false",
    })
    void theContractsOneCheckHasAllRoles(String events, boolean ready, boolean ends) {
        HealthChecks checks = HealthChecks.of(new Service("web", true, KILLING), "tcp");

        assertThat(after(events, checks).isReady(checks)).isEqualTo(ready);
        assertThat(after(events, checks).mustEnd(checks)).isEqualTo(ends);
    }

    @ParameterizedTest
    @CsvSource({"T, false", "S T R- R-, false", "S T R- R- R+ R+, true"})
    void withoutKillDownNobodyIsKilled(String events, boolean ready) {
        HealthChecks checks = HealthChecks.of(new Service("web", true, CHECK), "tcp");

        assertThat(after(events, checks).isReady(checks)).isEqualTo(ready);
        assertThat(after(events, checks).mustEnd(checks)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "'', false, false",
        "T, false, true",
        "S, false, false",
        "S T, false, false",
        "S R+, true, false",
        "S R+ R- R- T, false, false",
        "S R+ L-, true, false",
        "S R+ L- L-, true, true",
        "S L- L+ L-, false, false",
        "S L- L-, false, true",
    })
    void checksOfTheirOwnDecideOneThingEach(String events, boolean ready, boolean ends) {
        HealthChecks checks = HealthChecks.of(new Service("web", true, CHECK, STARTUP, LIVENESS), "tcp");

        assertThat(after(events, checks).isReady(checks)).isEqualTo(ready);
        assertThat(after(events, checks).mustEnd(checks)).isEqualTo(ends);
    }

    @Test
    void aTcpPortWithoutACheckIsReadyOnceItAcceptsConnections() {
        HealthChecks checks = HealthChecks.of(new Service("web", true, Optional.empty()), "tcp");

        assertThat(checks.startup()).contains(HealthCheck.tcp());
        assertThat(checks.liveness()).isEmpty();
        assertThat(after("", checks).isReady(checks)).isFalse();
        assertThat(after("S", checks).isReady(checks)).isTrue();
    }

    @Test
    void aUdpPortWithoutACheckIsReadyWhenItsJobRuns() {
        HealthChecks checks = HealthChecks.of(new Service("dns", true, Optional.empty()), "udp");

        assertThat(checks.startup()).isEmpty();
        assertThat(after("S", checks).isReady(checks)).isTrue();
    }
}
