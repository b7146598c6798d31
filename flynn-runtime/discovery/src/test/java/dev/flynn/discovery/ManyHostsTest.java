package dev.flynn.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.DiscoveryEvent.Down;
import dev.flynn.api.discovery.DiscoveryEvent.Up;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.Transaction;
import dev.flynn.store.MemoryClusterStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several processes on one store, each with its own clock: leases, sweepers, pauses. */
@Timeout(120)
class ManyHostsTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final List<Host> hosts = new ArrayList<>();

    /** A host whose time passes only when it runs; clocks of hosts have nothing to do with each other. */
    private final class Host {

        final ManualClock clock = new ManualClock();
        final AtomicInteger commits = new AtomicInteger();
        final StoreDiscovery discovery;

        Host(String name) {
            // no two clocks agree
            clock.advance(Duration.ofDays(hosts.size() * 1000L));
            var counting = new ForwardingStore(store) {
                @Override
                public CommitResult commit(Transaction transaction) {
                    commits.incrementAndGet();
                    return super.commit(transaction);
                }
            };
            discovery = StoreDiscovery.builder(counting)
                    .member(name)
                    .clock(clock)
                    .expiringByHand()
                    .build();
            hosts.add(this);
        }

        Instance register(int port) {
            return discovery.register("web", Instance.of("http", "10.0.0.1:" + port, Map.of()));
        }

        /** Waits until this host has heard of an instance: here time passes faster than news. */
        void awaitNewsOf(Instance instance) {
            await().until(() -> discovery.known("web", instance.id()).isPresent());
        }

        void second() {
            clock.advance(SECOND);
            discovery.expire();
        }
    }

    @BeforeEach
    void createService() {
        try (var setUp = StoreDiscovery.builder(store).build()) {
            setUp.createService("web", LeaderType.OLDEST);
        }
    }

    @AfterEach
    void close() {
        hosts.forEach(host -> host.discovery.close());
        store.close();
    }

    private static void pass(int seconds, Host... running) {
        for (int i = 0; i < seconds; i++) {
            for (Host host : running) {
                host.second();
            }
        }
    }

    // ---- leases

    @Test
    void aThousandHeartbeatsAreAFewSmallWrites() {
        var host = new Host("a");
        for (int port = 1; port <= 100; port++) {
            host.register(port);
        }
        host.commits.set(0);

        for (int i = 0; i < 10; i++) {
            for (int port = 1; port <= 100; port++) {
                host.register(port);
            }
            host.second();
        }

        assertThat(host.commits.get()).isBetween(2, 5);
        assertThat(host.discovery.instances("web")).hasSize(100);
    }

    @Test
    void renewalsWakeNoWatchOfServices() {
        var host = new Host("a");
        host.register(1);
        List<StoreChange> changes = new CopyOnWriteArrayList<>();
        store.watch("discovery/", store.list("").revision(), changes::add);

        for (int i = 0; i < 20; i++) {
            host.register(1);
            host.second();
        }
        host.register(2);

        await().until(() -> !changes.isEmpty());
        assertThat(changes).hasSize(1);
    }

    @Test
    void aHostWithoutInstancesWritesNothing() {
        var host = new Host("a");
        var other = new Host("b");
        other.register(1);
        host.commits.set(0);

        for (int i = 0; i < 30; i++) {
            other.register(1);
            pass(1, other, host);
        }

        assertThat(host.commits).hasValue(0);
    }

    @Test
    void twoProcessesOfOneNameDoNotWorkAtTheSameTime() {
        var first = new Host("a");
        first.register(1);
        var second = new Host("a");
        second.register(2);
        first.clock.advance(Duration.ofSeconds(6));

        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> first.register(1))
                .withMessageContaining("\"a\"")
                .matches(e -> e.code() == ErrorCode.SERVICE_UNAVAILABLE);
        second.register(2);
    }

    @Test
    void namesOfMembersAreChecked() {
        for (String name : List.of("", "a/b", "x".repeat(101))) {
            assertThatExceptionOfType(FlynnException.class)
                    .isThrownBy(() -> StoreDiscovery.builder(store).member(name));
        }
    }

    // ---- hosts that go

    @Test
    void whatAHostThatIsGoneRegisteredIsRemovedInBatchesAndSoIsItsLease() {
        var gone = new Host("a");
        var stays = new Host("b");
        for (int port = 1; port <= Removal.BATCH + 200; port++) {
            gone.register(port);
        }
        Instance mine = stays.register(60_000);
        List<DiscoveryEvent> events = new CopyOnWriteArrayList<>();
        stays.discovery.watch("web", events::add);
        int before = events.size();
        List<StoreChange> changes = new CopyOnWriteArrayList<>();
        store.watch("discovery/", store.list("").revision(), changes::add);

        for (int i = 0; i < 25; i++) {
            stays.register(60_000);
            pass(1, stays);
        }

        assertThat(stays.discovery.instances("web")).containsExactly(mine);
        await().until(() -> changes.size() == 2);
        await().until(() ->
                events.stream().skip(before).filter(Down.class::isInstance).count() == Removal.BATCH + 200);
        assertThat(store.get("discovery-members/a")).isEmpty();
        assertThat(store.get("discovery-members/b")).isPresent();
    }

    @Test
    void aHostThatStoodStillRegistersAgainWhatIsStillAlive() {
        var paused = new Host("a");
        var sweeping = new Host("b");
        Instance before = paused.register(1);
        sweeping.awaitNewsOf(before);
        pass(1, sweeping, paused);
        pass(40, sweeping);
        assertThat(sweeping.discovery.instances("web")).isEmpty();

        paused.clock.advance(Duration.ofSeconds(40));
        Instance after = paused.register(1);

        assertThat(after.index()).isGreaterThan(before.index());
        assertThat(sweeping.discovery.instances("web")).containsExactly(after);
        for (int i = 0; i < 40; i++) {
            paused.register(1);
            pass(1, sweeping, paused);
        }
        assertThat(sweeping.discovery.instances("web")).containsExactly(after);
    }

    @Test
    void aHostThatComesBackDuringTheSweepStopsIt() {
        var paused = new Host("a");
        for (int port = 1; port <= 2 * Removal.BATCH; port++) {
            paused.register(port);
        }
        var once = new AtomicInteger();
        var clock = new ManualClock();
        var interfered = new ForwardingStore(store) {
            @Override
            public CommitResult commit(Transaction transaction) {
                CommitResult result = super.commit(transaction);
                boolean deletes =
                        transaction.operations().stream().anyMatch(Transaction.Operation.Delete.class::isInstance);
                if (deletes && once.incrementAndGet() == 1) {
                    paused.clock.advance(Duration.ofSeconds(30));
                    paused.register(1);
                }
                return result;
            }
        };
        try (var sweeping = StoreDiscovery.builder(interfered)
                .member("b")
                .clock(clock)
                .expiringByHand()
                .build()) {
            for (int i = 0; i < 21; i++) {
                clock.advance(SECOND);
                sweeping.expire();
            }

            assertThat(sweeping.instances("web")).hasSize(Removal.BATCH + 1);
            assertThat(once).hasValueGreaterThan(1);
        }
    }

    @Test
    void ofTwoThatMightSweepOneDoes() {
        var gone = new Host("a");
        gone.register(1);
        var second = new Host("b");
        var third = new Host("c");

        pass(30, second, third);

        assertThat(second.discovery.instances("web")).isEmpty();
        // the role, the instance, the lease; the other one wrote nothing
        assertThat(List.of(second.commits.get(), third.commits.get())).containsExactlyInAnyOrder(3, 0);
    }

    @Test
    void anotherOneSweepsWhenTheSweeperIsGone() {
        var first = new Host("a");
        first.register(1);
        var sweeper = new Host("b");
        sweeper.register(2);
        for (int i = 0; i < 30; i++) {
            sweeper.register(2);
            pass(1, sweeper);
        }
        assertThat(sweeper.discovery.instances("web")).hasSize(1);
        var last = new Host("c");

        pass(30, last);

        assertThat(last.discovery.instances("web")).isEmpty();
        assertThat(store.get("discovery-sweeper").orElseThrow().value()).contains("\"c\"");
    }

    @Test
    void instancesThatNobodyAnswersForExpireToo() {
        Instance orphan = Instance.of("http", "10.0.0.1:1", Map.of());
        store.commit(Transaction.builder()
                .put(
                        "discovery/web/instances/" + orphan.id(),
                        "{\"id\":\"" + orphan.id() + "\",\"addr\":\"10.0.0.1:1\",\"proto\":\"http\",\"meta\":{}}")
                .build());
        var host = new Host("a");
        assertThat(host.discovery.instances("web")).hasSize(1);

        pass(19, host);
        assertThat(host.discovery.instances("web")).hasSize(1);
        pass(4, host);
        assertThat(host.discovery.instances("web")).isEmpty();
    }

    @Test
    void afterARestartOfAllNothingExpiresBeforeTwiceTheTime() {
        new Host("a").register(1);
        new Host("b").register(2);
        hosts.forEach(host -> host.discovery.close());
        var first = new Host("a");
        var second = new Host("b");

        pass(19, first, second);
        assertThat(first.discovery.instances("web")).hasSize(2);
        pass(5, first, second);
        assertThat(first.discovery.instances("web")).isEmpty();
    }

    // ---- everything at once

    /** Hosts run, stand still and die at random; nobody who sends heartbeats in time is ever seen to be down. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void whoSendsHeartbeatsLives(long seed) {
        var random = new Random(seed);
        List<Host> all = List.of(new Host("a"), new Host("b"), new Host("c"), new Host("d"));
        Map<Integer, Integer> homes = new HashMap<>();
        Map<Host, Integer> standsStillFor = new HashMap<>();
        for (int port = 1; port <= 12; port++) {
            homes.put(port, random.nextInt(4));
            all.get(homes.get(port)).register(port);
        }
        List<DiscoveryEvent> events = new CopyOnWriteArrayList<>();
        all.get(0).discovery.watch("web", events::add);

        for (int second = 0; second < 200; second++) {
            for (Host host : all) {
                int still = standsStillFor.getOrDefault(host, 0);
                if (still == 0 && random.nextInt(60) == 0) {
                    still = 1 + random.nextInt(40);
                }
                standsStillFor.put(host, Math.max(0, still - 1));
                host.clock.advance(SECOND);
                if (still == 0) {
                    host.discovery.expire();
                }
            }
            for (int port = 1; port <= 12; port++) {
                Host home = all.get(homes.get(port));
                if (standsStillFor.getOrDefault(home, 0) > 0) {
                    // its clients go elsewhere
                    List<Host> running = all.stream()
                            .filter(host -> standsStillFor.getOrDefault(host, 0) == 0)
                            .toList();
                    if (running.isEmpty()) {
                        continue;
                    }
                    home = running.get(random.nextInt(running.size()));
                    homes.put(port, all.indexOf(home));
                }
                if (random.nextInt(3) == 0 || second % 4 == 0) {
                    home.register(port);
                }
            }
        }
        all.get(0).register(999);

        await().until(() -> events.stream()
                .anyMatch(event -> event instanceof Up up && up.instance().port() == 999));
        assertThat(events).as("seed %d", seed).noneMatch(Down.class::isInstance);
    }
}
