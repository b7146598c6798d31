package dev.flynn.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.DiscoveryEvent.Current;
import dev.flynn.api.discovery.DiscoveryEvent.Down;
import dev.flynn.api.discovery.DiscoveryEvent.Leader;
import dev.flynn.api.discovery.DiscoveryEvent.Up;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import dev.flynn.store.MemoryClusterStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("counts the threads of this process")
@Timeout(60)
class StoreDiscoveryTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final ManualClock clock = new ManualClock();
    private final StoreDiscovery discovery =
            StoreDiscovery.builder(store).clock(clock).expiringByHand().build();
    private final List<DiscoveryEvent> events = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        discovery.close();
        store.close();
    }

    // ---- what the contract says word by word

    @Test
    void failuresSayWhatTheContractSays() {
        discovery.createService("web", LeaderType.OLDEST);

        assertFails(
                () -> discovery.createService("Web", LeaderType.OLDEST),
                ErrorCode.VALIDATION,
                "discoverd: service must be lowercase alphanumeric plus dash");
        assertFails(
                () -> discovery.createService("web", LeaderType.OLDEST),
                ErrorCode.OBJECT_EXISTS,
                "discoverd: service \"web\" already exists");
        assertFails(
                () -> discovery.removeService("db"), ErrorCode.OBJECT_NOT_FOUND, "discoverd: service \"db\" not found");
        assertFails(() -> register("db", 1), ErrorCode.OBJECT_NOT_FOUND, "discoverd: service \"db\" not found");
        assertFails(
                () -> discovery.setLeader("web", "1"),
                ErrorCode.VALIDATION,
                "service leader election type is not manual");
        assertFails(
                () -> discovery.setMeta("web", new ServiceMeta("1", 3)),
                ErrorCode.PRECONDITION_FAILED,
                "Service metadata for \"web\" does not exist, use index=0 to set");
        long index = discovery.setMeta("web", new ServiceMeta("1", 0)).index();
        assertFails(
                () -> discovery.setMeta("web", new ServiceMeta("1", 0)),
                ErrorCode.OBJECT_EXISTS,
                "Service metadata for \"web\" already exists, use index=" + index + " to set");
        assertFails(
                () -> discovery.setMeta("web", new ServiceMeta("1", index + 1)),
                ErrorCode.PRECONDITION_FAILED,
                "Service metadata for \"web\" exists, but wrong index provided");
    }

    @Test
    void aServiceThatExistsCostsNoTransaction() {
        var commits = new AtomicInteger();
        var counting = new ForwardingStore(store) {
            @Override
            public CommitResult commit(Transaction transaction) {
                commits.incrementAndGet();
                return super.commit(transaction);
            }
        };
        discovery.createService("web", LeaderType.OLDEST);
        try (var other = StoreDiscovery.builder(counting)
                .member("other")
                .expiringByHand()
                .build()) {
            int before = commits.get();
            assertFails(
                    () -> other.createService("web", LeaderType.OLDEST),
                    ErrorCode.OBJECT_EXISTS,
                    "discoverd: service \"web\" already exists");
            assertThat(commits.get()).isEqualTo(before);
        }
    }

    @Test
    void metadataThatIsNoJsonIsRefused() {
        discovery.createService("web", LeaderType.OLDEST);

        for (String noJson : List.of("{", "", "grün")) {
            assertThatExceptionOfType(FlynnException.class)
                    .isThrownBy(() -> discovery.setMeta("web", new ServiceMeta(noJson, 0)))
                    .matches(e -> e.code() == ErrorCode.SYNTAX);
        }
    }

    // ---- what watchers are told

    @Test
    void whatAWatchBeganWithIsNotToldAgainWhenItsChangeArrivesLate() {
        var late = new LateStore(store);
        try (var other =
                StoreDiscovery.builder(late).member("other").expiringByHand().build()) {
            discovery.createService("web", LeaderType.OLDEST);
            Instance first = register("web", 1);
            other.watch("web", events::add);
            other.watchAll(events::add);
            late.arrive.countDown();
            Instance second = register("web", 2);

            await().untilAsserted(() -> assertThat(events).endsWith(new Up("web", second), new Up("web", second)));
            assertThat(events)
                    .containsExactly(
                            new Up("web", first),
                            new Leader("web", Optional.of(first)),
                            new Current("web"),
                            new Up("web", first),
                            new Leader("web", Optional.of(first)),
                            new Current("web"),
                            new Current(Discovery.EVERYTHING),
                            new Up("web", second),
                            new Up("web", second));
        }
    }

    /** Tells its watches nothing for a while. */
    private static final class LateStore extends ForwardingStore {

        private final CountDownLatch arrive = new CountDownLatch(1);

        LateStore(ClusterStore store) {
            super(store);
        }

        @Override
        public Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
            return super.watch(prefix, afterRevision, new StoreWatcher() {
                @Override
                public void onChange(StoreChange change) {
                    try {
                        arrive.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    watcher.onChange(change);
                }

                @Override
                public void onEnd(FlynnException reason) {
                    watcher.onEnd(reason);
                }
            });
        }
    }

    @Test
    void aWatchOfEverythingIsToldOfServicesOnly() {
        discovery.createService("web", LeaderType.OLDEST);
        register("web", 1);
        // the lease lapses, and is renewed with a mark
        clock.advance(discovery.ttl());
        Instance renewed = register("web", 1);

        discovery.watchAll(events::add);

        assertThat(events)
                .containsExactly(
                        new Up("web", renewed),
                        new Leader("web", Optional.of(renewed)),
                        new Current("web"),
                        new Current(Discovery.EVERYTHING));
    }

    // ---- what is in the store

    @Test
    void heartbeatsAreNotWrittenToTheStore() {
        discovery.createService("web", LeaderType.OLDEST);
        register("web", 1);
        long revision = store.list("").revision();

        for (int i = 0; i < 20; i++) {
            register("web", 1);
        }

        assertThat(store.list("").revision()).isEqualTo(revision);
    }

    @Test
    void allThatExpiresAtOnceIsOneTransaction() {
        discovery.createService("web", LeaderType.OLDEST);
        Instance first = register("web", 1);
        Instance second = register("web", 2);
        discovery.watch("web", events::add);
        List<StoreChange> changes = new CopyOnWriteArrayList<>();
        store.watch("discovery/", store.list("").revision(), changes::add);

        pass(Duration.ofSeconds(12));

        await().until(() -> !changes.isEmpty());
        assertThat(changes).hasSize(1);
        await().until(() -> events.size() == 7);
        assertThat(events.subList(4, 7))
                .containsExactlyInAnyOrder(
                        new Down("web", first), new Down("web", second), new Leader("web", Optional.empty()))
                .endsWith(new Leader("web", Optional.empty()));
    }

    @Test
    void whatTheStoreKnowsOtherwiseIsNotTouched() {
        store.commit(Transaction.builder().put("apps/1", "{}").build());

        discovery.createService("web", LeaderType.OLDEST);
        register("web", 1);
        pass(Duration.ofSeconds(12));
        discovery.removeService("web");

        assertThat(store.list("apps/").entries()).hasSize(1);
        assertThat(store.list("discovery/").entries()).isEmpty();
    }

    @Test
    void anInstanceThatAnotherProcessWroteIsSeenAndExpires() {
        discovery.createService("web", LeaderType.OLDEST);
        try (var other =
                StoreDiscovery.builder(store).clock(clock).expiringByHand().build()) {
            Instance instance = other.register("web", Instance.of("http", "127.0.0.1:1", Map.of()));

            assertThat(discovery.instances("web")).containsExactly(instance);
            assertThat(discovery.leader("web")).contains(instance);
            await().until(() -> discovery.known("web", instance.id()).isPresent());
        }
        pass(Duration.ofSeconds(12));
        assertThat(discovery.instances("web")).isEmpty();
    }

    // ---- races

    /** Does something else right after the first commit that it was armed for. */
    private static final class InterferedStore extends ForwardingStore {

        private Runnable interference = () -> {};

        InterferedStore(ClusterStore store) {
            super(store);
        }

        @Override
        public CommitResult commit(Transaction transaction) {
            CommitResult result = super.commit(transaction);
            Runnable once = interference;
            interference = () -> {};
            once.run();
            return result;
        }
    }

    @Test
    void aServiceThatIsCreatedAgainDuringItsRemovalKeepsItsInstances() {
        var interfered = new InterferedStore(store);
        try (var racing = StoreDiscovery.builder(interfered).build()) {
            discovery.createService("web", LeaderType.OLDEST);
            register("web", 1);
            interfered.interference = () -> {
                discovery.createService("web", LeaderType.OLDEST);
                register("web", 2);
            };

            racing.removeService("web");
        }
        assertThat(discovery.instances("web")).extracting(Instance::port).containsExactly(2);
    }

    @Test
    void anInstanceThatIsGoneRightAfterItsRegistrationIsRegisteredAgain() {
        var interfered = new InterferedStore(store);
        try (var racing = StoreDiscovery.builder(interfered).build()) {
            discovery.createService("web", LeaderType.OLDEST);
            racing.register("web", Instance.of("http", "127.0.0.1:2", Map.of()));
            Instance instance = Instance.of("http", "127.0.0.1:1", Map.of());
            interfered.interference = () -> discovery.deregister("web", instance.id());

            Instance registered = racing.register("web", instance);

            assertThat(discovery.instances("web")).contains(registered);
        }
    }

    @Test
    void aServiceThatIsRemovedWhileAnInstanceRegistersStaysRemoved() {
        var interfered = new InterferedStore(store);
        try (var racing = StoreDiscovery.builder(interfered).build()) {
            discovery.createService("web", LeaderType.OLDEST);
            racing.register("web", Instance.of("http", "127.0.0.1:2", Map.of()));
            interfered.interference = () -> discovery.removeService("web");

            assertFails(
                    () -> racing.register("web", Instance.of("http", "127.0.0.1:1", Map.of())),
                    ErrorCode.OBJECT_NOT_FOUND,
                    "discoverd: service \"web\" not found");
        }
        assertThat(store.list("discovery/").entries()).isEmpty();
    }

    // ---- surprises

    @Test
    void namesThatCannotExistAreUnknownRatherThanInvalidWhenRead() {
        assertThat(discovery.instances("Web")).isEmpty();
        assertThat(discovery.leader("a/b")).isEmpty();
        assertThat(discovery.meta("")).isEmpty();
        assertThatCode(() -> discovery.deregister("Web", "1")).doesNotThrowAnyException();
        assertFails(() -> register("Web", 1), ErrorCode.OBJECT_NOT_FOUND, "discoverd: service \"Web\" not found");
    }

    @Test
    void theManualLeaderIsToldOnEachSettingButNotWhenItGoesOrComesBack() {
        discovery.createService("db", LeaderType.MANUAL);
        Instance first = register("db", 1);
        discovery.watch("db", events::add);

        discovery.setLeader("db", first.id());
        discovery.setLeader("db", first.id());
        discovery.setLeader("db", Instance.of("tcp", "127.0.0.1:9", Map.of()).id());
        discovery.setLeader("db", first.id());
        discovery.deregister("db", first.id());
        Instance back = register("db", 1);

        await().until(() -> events.contains(new Up("db", back)));
        assertThat(events)
                .containsExactly(
                        new Up("db", first),
                        new Current("db"),
                        new Leader("db", Optional.of(first)),
                        new Leader("db", Optional.of(first)),
                        new Leader("db", Optional.of(first)),
                        new Down("db", first),
                        new Up("db", back));
        assertThat(discovery.leader("db")).contains(back);
    }

    @Test
    void aProcessThatStoodStillExpiresNobodyAtOnce() {
        discovery.createService("web", LeaderType.OLDEST);
        Instance instance = register("web", 1);
        pass(SECOND);

        clock.advance(Duration.ofHours(8));
        discovery.expire();

        assertThat(discovery.instances("web")).containsExactly(instance);
        register("web", 1);
        pass(Duration.ofSeconds(8));
        assertThat(discovery.instances("web")).containsExactly(instance);
        pass(Duration.ofSeconds(14));
        assertThat(discovery.instances("web")).isEmpty();
    }

    // ---- its own timer, its end

    @Test
    void expiresByItselfInRealTime() {
        try (var real =
                StoreDiscovery.builder(store).ttl(Duration.ofMillis(400)).build()) {
            real.createService("web", LeaderType.OLDEST);
            long start = System.nanoTime();
            real.register("web", Instance.of("http", "127.0.0.1:1", Map.of()));

            await().atMost(10, TimeUnit.SECONDS)
                    .until(() -> real.instances("web").isEmpty());

            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(400));
        }
    }

    @Test
    void closingEndsWatchesAndLeavesTheStoreOpen() {
        List<FlynnException> ends = new CopyOnWriteArrayList<>();
        discovery.watch("web", new DiscoveryWatcher() {
            @Override
            public void onEvent(DiscoveryEvent event) {}

            @Override
            public void onEnd(FlynnException reason) {
                ends.add(reason);
            }
        });

        discovery.close();
        discovery.close();

        assertThat(ends).extracting(FlynnException::code).containsExactly(ErrorCode.SERVICE_UNAVAILABLE);
        assertThatIllegalStateException().isThrownBy(() -> discovery.instances("web"));
        assertThatIllegalStateException().isThrownBy(() -> register("web", 1));
        assertThat(store.list("", Consistency.STALE).entries()).isEmpty();
    }

    @Test
    void closingLeavesNoThreadBehind() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();

        StoreDiscovery.builder(store).build().close();

        await().pollInSameThread()
                .untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                        .filteredOn(thread -> !before.contains(thread))
                        .isEmpty());
    }

    @Test
    void aWatchEndsWithTheStore() {
        List<FlynnException> ends = new CopyOnWriteArrayList<>();
        discovery.watch("web", new DiscoveryWatcher() {
            @Override
            public void onEvent(DiscoveryEvent event) {}

            @Override
            public void onEnd(FlynnException reason) {
                ends.add(reason);
            }
        });

        store.close();

        assertThat(ends).hasSize(1);
    }

    @Test
    void aTimeToLiveThatCannotBeKeptIsRefused() {
        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> StoreDiscovery.builder(store).ttl(Duration.ofMillis(5)))
                .matches(e -> e.code() == ErrorCode.VALIDATION);
    }

    // ---- helpers

    private Instance register(String service, int port) {
        return discovery.register(service, Instance.of("http", "127.0.0.1:" + port, Map.of()));
    }

    private void pass(Duration time) {
        for (Duration passed = Duration.ZERO; passed.compareTo(time) < 0; passed = passed.plus(SECOND)) {
            clock.advance(SECOND);
            discovery.expire();
        }
    }

    private static void assertFails(ThrowingCallable call, ErrorCode code, String message) {
        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(call)
                .withMessage(message)
                .matches(failure -> failure.code() == code);
    }
}
