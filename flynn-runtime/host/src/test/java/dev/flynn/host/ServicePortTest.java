package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.release.HealthCheck;
import dev.flynn.api.release.Service;
import dev.flynn.base.TimeSource;
import dev.flynn.discovery.Heartbeats;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.store.MemoryClusterStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
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

    // ---- with a store, discovery and time of its own

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final StoreDiscovery discovery = StoreDiscovery.builder(store).build();
    private final Heartbeats heartbeats = new Heartbeats(discovery);
    private final Pauses pauses = new Pauses("service-port-test", TimeSource.SYSTEM);
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final AtomicInteger killed = new AtomicInteger();

    @AfterEach
    void close() {
        pauses.close();
        heartbeats.close();
        discovery.close();
        store.close();
    }

    private void start(Service service, Probe probe) {
        var instance = Instance.of("tcp", "127.0.0.1:10000", Map.of());
        Probe counted = check -> {
            asked.add(check.type() + " " + check.path());
            return probe.ask(check);
        };
        new ServicePort(service, instance, discovery, heartbeats, pauses, counted, killed::incrementAndGet).start();
    }

    private boolean isRegistered() {
        return !discovery.instances("web").isEmpty();
    }

    private static Optional<HealthCheck> http(String path, Duration interval) {
        return Optional.of(new HealthCheck(
                "http", interval, 2, false, Duration.ofHours(1), path, Optional.empty(), Optional.empty(), 200));
    }

    @Test
    void theFirstCheckThatPassesEndsTheWait() {
        var answers = new AtomicInteger();

        start(
                new Service("web", true, http("/", Duration.ofHours(1))),
                check -> answers.incrementAndGet() < 3 ? Probe.Result.failed("not yet") : Probe.Result.PASSED);

        await().until(this::isRegistered);
        assertThat(asked).hasSize(3);
    }

    @Test
    void aPortWithoutACheckIsRegisteredOnceItAcceptsConnections() {
        var listens = new AtomicBoolean();

        start(
                new Service("web", true, Optional.empty()),
                check -> listens.get() ? Probe.Result.PASSED : Probe.Result.failed("connection refused"));
        await().until(() -> asked.size() > 2);
        assertThat(isRegistered()).isFalse();
        listens.set(true);

        await().until(this::isRegistered);
        assertThat(asked).containsOnly("tcp /");
    }

    @Test
    void aJobThatIsReadyAndNotAliveIsKilledOnce() {
        Optional<HealthCheck> liveness = http("/alive", Duration.ofMillis(100));

        start(
                new Service(
                        "web",
                        true,
                        http("/", Duration.ofMillis(100)),
                        http("/started", Duration.ofHours(1)),
                        liveness),
                check -> check.path().equals("/alive") ? Probe.Result.failed("stuck") : Probe.Result.PASSED);

        await().until(() -> asked.stream().filter("http /alive"::equals).count() > 3);
        assertThat(killed).hasValue(1);
        assertThat(asked).startsWith("http /started", "http /").containsOnlyOnce("http /started");
    }
}
