package dev.flynn.tck.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.DiscoveryEvent.Current;
import dev.flynn.api.discovery.DiscoveryEvent.Down;
import dev.flynn.api.discovery.DiscoveryEvent.Leader;
import dev.flynn.api.discovery.DiscoveryEvent.Meta;
import dev.flynn.api.discovery.DiscoveryEvent.Up;
import dev.flynn.api.discovery.DiscoveryEvent.Update;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryCapability;
import dev.flynn.tck.Rule;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apiguardian.api.API;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checks the promises DI-1 to DI-14 of a {@link Discovery}. Extend it, say how discovery is opened and how time passes for it,
 * and run it with JUnit.
 *
 * <p>Some tests let several times the time to live pass. Where time cannot be moved by hand, a short time to live keeps them
 * short: {@link #advance} then waits.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
@Timeout(120)
public abstract class DiscoveryTck {

    private static final Duration EXPIRY_SLACK = Duration.ofSeconds(2);

    @TempDir
    Path dataDirectory;

    private Discovery discovery;
    private ExecutorService threads;

    /** Opens discovery; the same directory means the same cluster, as far as it is {@code DURABLE}. */
    protected abstract Discovery openDiscovery(Path dataDirectory);

    /**
     * Opens discovery of the same cluster once more, as another of its processes does; needed if it is {@code SHARED}. Closing it
     * is the end of that process.
     */
    protected Discovery openAnother(Path dataDirectory) {
        throw FlynnException.unsupported("a second process of the cluster");
    }

    /** Lets this time pass, and discovery do what is due in it. */
    protected abstract void advance(Duration time);

    /** How long a test waits for what must come. */
    protected Duration patience() {
        return Duration.ofSeconds(30);
    }

    @BeforeEach
    final void open() {
        threads = Executors.newCachedThreadPool();
        discovery = openDiscovery(dataDirectory);
    }

    @AfterEach
    final void close() throws InterruptedException {
        threads.shutdownNow();
        discovery.close();
        assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }

    // ---- DI-1: services

    @Rule("DI-1")
    void aServiceIsCreatedOnce() {
        create("web");
        create("my-db-2");

        assertThat(discovery.services()).containsExactlyInAnyOrder("web", "my-db-2");
        assertRefused(ErrorCode.OBJECT_EXISTS, () -> create("web"));
    }

    @Rule("DI-1")
    void aNameOfOtherCharactersIsInvalid() {
        for (String name : List.of("", "Web", "my_db", "web.http", "a/b", "grün", "a b")) {
            assertRefused(ErrorCode.VALIDATION, () -> create(name));
        }
        assertThat(discovery.services()).isEmpty();
    }

    // ---- DI-2: registrations are seen

    @Rule("DI-2")
    void aRegistrationThatReturnedIsSeenByOthers() {
        create("web");
        for (int port = 1; port <= 50; port++) {
            Instance registered = register("web", port);

            assertThat(onAnotherThread(() -> discovery.instances("web"))).contains(registered);
        }
    }

    @Rule("DI-2")
    void registeringWithAServiceThatDoesNotExistIsRefused() {
        assertRefused(ErrorCode.OBJECT_NOT_FOUND, () -> register("web", 1));
        assertThat(discovery.instances("web")).isEmpty();
        assertThat(discovery.leader("web")).isEmpty();
    }

    @Rule("DI-2")
    void aDeregisteredInstanceIsGoneAndTwiceIsFine() {
        create("web");
        Instance instance = register("web", 1);

        discovery.deregister("web", instance.id());

        assertThat(discovery.instances("web")).isEmpty();
        assertThatCode(() -> discovery.deregister("web", instance.id())).doesNotThrowAnyException();
        assertThatCode(() -> discovery.deregister("nothing", instance.id())).doesNotThrowAnyException();
    }

    // ---- DI-3: indexes

    @Rule("DI-3")
    void anInstanceKeepsItsIndexAndLaterOnesHaveGreater() {
        create("web");
        create("db");
        Instance first = register("web", 1);
        Instance second = register("db", 2);
        Instance third = register("web", 3);

        Instance again = register("web", 1);
        Instance changed = discovery.register("web", instance(1, Map.of("weight", "2")));

        assertThat(first.index()).isPositive().isLessThan(second.index());
        assertThat(second.index()).isLessThan(third.index());
        assertThat(again).isEqualTo(first);
        assertThat(changed.index()).isEqualTo(first.index());
        assertThat(discovery.instances("web")).containsExactly(changed, third);
    }

    @Rule("DI-3")
    void theIndexOfARequestIsIgnored() {
        create("web");

        Instance registered = discovery.register("web", instance(1, Map.of()).withIndex(123_456_789));

        assertThat(registered.index()).isLessThan(123_456_789);
    }

    @Rule("DI-3")
    void anInstanceThatWasGoneIsYoungerThanAllOthers() {
        create("web");
        Instance first = register("web", 1);
        Instance second = register("web", 2);
        discovery.deregister("web", first.id());

        assertThat(register("web", 1).index()).isGreaterThan(second.index());
    }

    @Rule("DI-3")
    void otherMetadataIsAnUpdateTheSameOnlyAHeartbeat() {
        create("web");
        Instance up = discovery.register("web", instance(1, Map.of("weight", "1")));
        var watcher = watch("web");

        discovery.register("web", instance(1, Map.of("weight", "1")));
        Instance updated = discovery.register("web", instance(1, Map.of("weight", "2")));

        watcher.awaitExactly(
                new Up("web", up), new Leader("web", Optional.of(up)), new Current("web"), new Update("web", updated));
        assertThat(updated.index()).isEqualTo(up.index());
    }

    // ---- DI-4, DI-5: expiry

    @Rule("DI-4")
    void anInstanceThatIsNotRenewedExpiresAfterTheTtlAndNotBefore() {
        create("web");
        Instance instance = register("web", 1);

        advance(fraction(0.8));
        assertThat(discovery.instances("web")).containsExactly(instance);

        advance(fraction(0.2).plus(EXPIRY_SLACK));
        assertThat(discovery.instances("web")).isEmpty();
    }

    @Rule("DI-4")
    void anInstanceThatIsRenewedLives() {
        create("web");
        Instance renewed = register("web", 1);
        Instance forgotten = register("web", 2);
        for (int i = 0; i < 5; i++) {
            advance(fraction(0.5));
            register("web", 1);
        }
        assertThat(discovery.instances("web")).containsExactly(renewed).doesNotContain(forgotten);

        advance(fraction(0.8));
        assertThat(discovery.instances("web")).containsExactly(renewed);
    }

    @Rule("DI-4")
    void watchersLearnOfAnExpiry() {
        create("web");
        Instance dies = register("web", 1);
        Instance lives = register("web", 2);
        var watcher = watch("web");

        advance(fraction(0.7));
        register("web", 2);
        advanceUntilExpired(0.3, "web", 2);

        watcher.awaitExactly(
                new Up("web", dies),
                new Up("web", lives),
                new Leader("web", Optional.of(dies)),
                new Current("web"),
                new Down("web", dies),
                new Leader("web", Optional.of(lives)));
    }

    @Rule("DI-5")
    void afterARestartNothingExpiresBeforeTwiceTheTtl() {
        assumeTrue(can(DiscoveryCapability.DURABLE), "registrations end with this discovery");
        create("web");
        Instance renewed = register("web", 1);
        Instance forgotten = register("web", 2);
        advance(fraction(0.7)); // what is left is for the restart, by a clock that may be real

        discovery.close();
        discovery = openDiscovery(dataDirectory);

        assertThat(discovery.instances("web")).containsExactly(renewed, forgotten);
        advance(fraction(1.8));
        assertThat(discovery.instances("web")).containsExactly(renewed, forgotten);
        register("web", 1);
        advanceUntilExpired(0.2, "web", 1);
        assertThat(discovery.instances("web")).containsExactly(renewed);
    }

    // ---- DI-6, DI-7: leaders

    @Rule("DI-6")
    void theOldestInstanceLeads() {
        create("web");
        assertThat(discovery.leader("web")).isEmpty();
        Instance first = register("web", 1);
        Instance second = register("web", 2);
        assertThat(discovery.leader("web")).contains(first);

        discovery.deregister("web", first.id());
        assertThat(discovery.leader("web")).contains(second);

        register("web", 1);
        assertThat(discovery.leader("web")).contains(second);
    }

    @Rule("DI-7")
    void theLeaderOfAManualServiceIsWhoWasSet() {
        if (!can(DiscoveryCapability.MANUAL_LEADER)) {
            assertRefused(ErrorCode.UNSUPPORTED, () -> discovery.createService("db", LeaderType.MANUAL));
            return;
        }
        discovery.createService("db", LeaderType.MANUAL);
        Instance first = register("db", 1);
        Instance second = register("db", 2);
        assertThat(discovery.leader("db")).isEmpty();

        discovery.setLeader("db", second.id());
        assertThat(discovery.leader("db")).contains(second);

        discovery.deregister("db", second.id());
        assertThat(discovery.leader("db")).isEmpty();
        assertThat(discovery.instances("db")).containsExactly(first);

        Instance back = register("db", 2);
        assertThat(discovery.leader("db")).contains(back);
    }

    @Rule("DI-7")
    void anInstanceThatIsNotThereYetCanBeSet() {
        assumeTrue(can(DiscoveryCapability.MANUAL_LEADER), "no leaders by hand");
        discovery.createService("db", LeaderType.MANUAL);

        discovery.setLeader("db", instance(1, Map.of()).id());
        assertThat(discovery.leader("db")).isEmpty();

        Instance registered = register("db", 1);
        assertThat(discovery.leader("db")).contains(registered);
    }

    @Rule("DI-7")
    void theLeaderOfAnyOtherServiceCannotBeSet() {
        assumeTrue(can(DiscoveryCapability.MANUAL_LEADER), "no leaders by hand");
        create("web");
        Instance first = register("web", 1);
        Instance second = register("web", 2);

        assertRefused(ErrorCode.VALIDATION, () -> discovery.setLeader("web", second.id()));
        assertRefused(ErrorCode.VALIDATION, () -> discovery.setLeader("nothing", second.id()));
        assertThat(discovery.leader("web")).contains(first);
    }

    @Rule({"DI-7", "DI-9"})
    void watchersLearnWhoWasSet() {
        assumeTrue(can(DiscoveryCapability.MANUAL_LEADER), "no leaders by hand");
        discovery.createService("db", LeaderType.MANUAL);
        Instance first = register("db", 1);
        Instance second = register("db", 2);
        var watcher = watch("db");

        discovery.setLeader("db", first.id());
        discovery.setLeader("db", second.id());
        discovery.deregister("db", first.id());

        watcher.awaitExactly(
                new Up("db", first),
                new Up("db", second),
                new Current("db"),
                new Leader("db", Optional.of(first)),
                new Leader("db", Optional.of(second)),
                new Down("db", first));
    }

    // ---- DI-8: metadata

    @Rule("DI-8")
    void metadataIsCreatedWithIndexZeroAndReplacedWithTheCurrentOne() {
        create("db");
        if (!can(DiscoveryCapability.SERVICE_METADATA)) {
            assertRefused(ErrorCode.UNSUPPORTED, () -> discovery.setMeta("db", new ServiceMeta("{}", 0)));
            return;
        }
        assertThat(discovery.meta("db")).isEmpty();

        ServiceMeta created = discovery.setMeta("db", new ServiceMeta("{\"a\":1}", 0));
        ServiceMeta replaced = discovery.setMeta("db", new ServiceMeta("[2]", created.index()));

        assertThat(created.data()).isEqualTo("{\"a\":1}");
        assertThat(replaced.index()).isGreaterThan(created.index());
        assertThat(discovery.meta("db")).contains(replaced);
    }

    @Rule("DI-8")
    void metadataWithAnotherIndexIsRefused() {
        assumeTrue(can(DiscoveryCapability.SERVICE_METADATA), "no metadata");
        create("db");
        assertRefused(ErrorCode.PRECONDITION_FAILED, () -> discovery.setMeta("db", new ServiceMeta("{}", 7)));
        ServiceMeta current = discovery.setMeta("db", new ServiceMeta("1", 0));

        assertRefused(ErrorCode.OBJECT_EXISTS, () -> discovery.setMeta("db", new ServiceMeta("2", 0)));
        assertRefused(
                ErrorCode.PRECONDITION_FAILED,
                () -> discovery.setMeta("db", new ServiceMeta("2", current.index() + 1)));
        assertRefused(ErrorCode.OBJECT_NOT_FOUND, () -> discovery.setMeta("nothing", new ServiceMeta("2", 0)));
        assertThat(discovery.meta("db")).contains(current);
        assertThat(discovery.meta("nothing")).isEmpty();
    }

    @Rule("DI-8")
    void ofCompetingWritersOneWins() {
        assumeTrue(can(DiscoveryCapability.SERVICE_METADATA), "no metadata");
        create("db");
        List<Future<Boolean>> writers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            String data = Integer.toString(i);
            writers.add(threads.submit(() -> {
                try {
                    discovery.setMeta("db", new ServiceMeta(data, 0));
                    return true;
                } catch (FlynnException refused) {
                    return false;
                }
            }));
        }

        assertThat(writers.stream().map(DiscoveryTck::get).filter(won -> won)).hasSize(1);
    }

    // ---- DI-9, DI-10: watches

    @Rule("DI-9")
    void aWatchTellsWhatIsTrueNowThenEveryChange() {
        create("web");
        Instance first = register("web", 1);
        Instance second = register("web", 2);
        Optional<ServiceMeta> meta = can(DiscoveryCapability.SERVICE_METADATA)
                ? Optional.of(discovery.setMeta("web", new ServiceMeta("{}", 0)))
                : Optional.empty();

        var watcher = watch("web");
        Instance third = register("web", 3);
        discovery.deregister("web", first.id());
        discovery.deregister("web", third.id());
        discovery.deregister("web", second.id());

        List<DiscoveryEvent> expected = new ArrayList<>();
        expected.add(new Up("web", first));
        expected.add(new Up("web", second));
        expected.add(new Leader("web", Optional.of(first)));
        meta.ifPresent(present -> expected.add(new Meta("web", present)));
        expected.add(new Current("web"));
        expected.add(new Up("web", third));
        expected.add(new Down("web", first));
        expected.add(new Leader("web", Optional.of(second)));
        expected.add(new Down("web", third));
        expected.add(new Down("web", second));
        expected.add(new Leader("web", Optional.empty()));
        watcher.awaitExactly(expected.toArray(DiscoveryEvent[]::new));
        assertThat(watcher.isOrderly()).isTrue();
    }

    @Rule("DI-9")
    void aWatchTellsOnlyOfItsService() {
        create("web");
        create("web-2");
        var watcher = watch("web");

        register("web-2", 2);
        Instance mine = register("web", 1);

        watcher.awaitExactly(new Current("web"), new Up("web", mine), new Leader("web", Optional.of(mine)));
    }

    @Rule("DI-9")
    void changesOfMetadataAreTold() {
        assumeTrue(can(DiscoveryCapability.SERVICE_METADATA), "no metadata");
        create("db");
        var watcher = watch("db");

        ServiceMeta created = discovery.setMeta("db", new ServiceMeta("1", 0));
        ServiceMeta replaced = discovery.setMeta("db", new ServiceMeta("2", created.index()));

        watcher.awaitExactly(new Current("db"), new Meta("db", created), new Meta("db", replaced));
    }

    @Rule("DI-9")
    void watchesThatBeginWhileInstancesComeAndGoMissNothing() {
        create("web");
        Future<?> changing = threads.submit(() -> {
            for (int round = 0; round < 30; round++) {
                Instance instance = register("web", 1 + round % 3);
                if (round % 2 == 1) {
                    discovery.deregister("web", instance.id());
                }
            }
        });
        List<RecordingWatcher> watchers = new ArrayList<>();
        while (!changing.isDone() && watchers.size() < 20) {
            watchers.add(watch("web"));
            discovery.instances("web");
        }
        get(changing);
        Instance last = register("web", 99);

        for (RecordingWatcher watcher : watchers) {
            watcher.awaitEvent(new Up("web", last));
            // nobody renews them: one may end meanwhile, and be told of a moment later
            await().atMost(patience())
                    .untilAsserted(
                            () -> assertThat(instancesAfter(watcher.events())).isEqualTo(discovery.instances("web")));
        }
    }

    /** Follows the events, each of which must fit to what is known. */
    private static List<Instance> instancesAfter(List<DiscoveryEvent> events) {
        Map<String, Instance> known = new LinkedHashMap<>();
        for (DiscoveryEvent event : events) {
            if (event instanceof Up up) {
                assertThat(known.put(up.instance().id(), up.instance()))
                        .as("%s in %s", event, events)
                        .isNull();
            } else if (event instanceof Down down) {
                assertThat(known.remove(down.instance().id()))
                        .as("%s in %s", event, events)
                        .isEqualTo(down.instance());
            } else if (event instanceof Leader leader) {
                assertThat(leader.instance())
                        .as("%s in %s", event, events)
                        .isEqualTo(known.values().stream().min(Comparator.comparingLong(Instance::index)));
            }
        }
        return known.values().stream()
                .sorted(Comparator.comparingLong(Instance::index))
                .toList();
    }

    @Rule("DI-9")
    void aClosedSubscriptionTellsNothingMore() {
        create("web");
        var closed = new RecordingWatcher(patience());
        discovery.watch("web", closed).close();
        var open = watch("web");

        Instance instance = register("web", 1);

        open.awaitEvent(new Leader("web", Optional.of(instance)));
        assertThat(closed.events()).containsExactly(new Current("web"));
    }

    @Rule("DI-10")
    void aServiceThatDoesNotExistCanBeWatched() {
        var watcher = watch("web");
        watcher.awaitExactly(new Current("web"));

        create("web");
        Instance instance = register("web", 1);

        watcher.awaitExactly(new Current("web"), new Up("web", instance), new Leader("web", Optional.of(instance)));
    }

    // ---- DI-11: removal

    @Rule("DI-11")
    void removingAServiceTellsDownForEachInstance() {
        create("web");
        Instance first = register("web", 1);
        Instance second = register("web", 2);
        var watcher = watch("web");

        discovery.removeService("web");

        watcher.awaitExactly(
                new Up("web", first),
                new Up("web", second),
                new Leader("web", Optional.of(first)),
                new Current("web"),
                new Down("web", first),
                new Down("web", second),
                new Leader("web", Optional.empty()));
        assertThat(discovery.services()).isEmpty();
        assertRefused(ErrorCode.OBJECT_NOT_FOUND, () -> register("web", 1));
        assertRefused(ErrorCode.OBJECT_NOT_FOUND, () -> discovery.removeService("web"));
    }

    @Rule("DI-11")
    void aServiceThatIsCreatedAgainIsEmpty() {
        create("web");
        register("web", 1);
        if (can(DiscoveryCapability.SERVICE_METADATA)) {
            discovery.setMeta("web", new ServiceMeta("{}", 0));
        }

        discovery.removeService("web");
        create("web");

        assertThat(discovery.instances("web")).isEmpty();
        assertThat(discovery.leader("web")).isEmpty();
        assertThat(discovery.meta("web")).isEmpty();
    }

    // ---- DI-12: a watch of everything

    @Rule("DI-12")
    void aWatchOfEverythingTellsEachServiceThenCurrentThenChanges() {
        create("web");
        create("db");
        Instance web = register("web", 1);
        Instance db = register("db", 2);
        var watcher = new RecordingWatcher(patience());
        discovery.watchAll(watcher);
        var all = new Current(Discovery.EVERYTHING);
        List<DiscoveryEvent> before = watcher.awaitEvent(all);

        assertThat(before).endsWith(all);
        assertThat(of("web", before))
                .containsExactly(new Up("web", web), new Leader("web", Optional.of(web)), new Current("web"));
        assertThat(of("db", before))
                .containsExactly(new Up("db", db), new Leader("db", Optional.of(db)), new Current("db"));

        create("late");
        Instance late = register("late", 3);
        discovery.deregister("web", web.id());
        List<DiscoveryEvent> after = watcher.awaitEvent(new Leader("web", Optional.empty()));
        assertThat(after.subList(before.size(), after.size()))
                .containsExactly(
                        new Up("late", late),
                        new Leader("late", Optional.of(late)),
                        new Down("web", web),
                        new Leader("web", Optional.empty()));
        assertThat(watcher.isOrderly()).isTrue();
    }

    @Rule("DI-12")
    void aWatchOfNothingTellsThatThisWasEverything() {
        var watcher = new RecordingWatcher(patience());
        discovery.watchAll(watcher);

        watcher.awaitExactly(new Current(Discovery.EVERYTHING));
    }

    private static List<DiscoveryEvent> of(String service, List<DiscoveryEvent> events) {
        return events.stream().filter(event -> event.service().equals(service)).toList();
    }

    // ---- DI-13: many processes

    @Rule("DI-13")
    void whatOneProcessDoesAllSee() {
        assumeTrue(can(DiscoveryCapability.SHARED), "one process only");
        try (Discovery other = openAnother(dataDirectory)) {
            create("web");
            var watcher = new RecordingWatcher(patience());
            other.watch("web", watcher);
            for (int port = 1; port <= 20; port++) {
                Discovery one = port % 2 == 0 ? discovery : other;
                Discovery two = port % 2 == 0 ? other : discovery;

                Instance registered = one.register("web", instance(port, Map.of()));

                assertThat(two.instances("web")).contains(registered);
            }
            List<Instance> all = discovery.instances("web");
            assertThat(other.instances("web")).isEqualTo(all);
            assertThat(other.leader("web")).isEqualTo(discovery.leader("web"));

            Instance gone = all.get(3);
            other.deregister("web", gone.id());
            assertThat(discovery.instances("web")).doesNotContain(gone);
            assertThat(instancesAfter(watcher.awaitEvent(new Down("web", gone))))
                    .isEqualTo(discovery.instances("web"));
        }
    }

    @Rule("DI-13")
    void heartbeatsMayGoToAnyProcess() {
        assumeTrue(can(DiscoveryCapability.SHARED), "one process only");
        create("web");
        Instance instance = register("web", 1);
        var watcher = watch("web");
        try (Discovery other = openAnother(dataDirectory)) {
            for (int i = 0; i < 8; i++) {
                advance(fraction(0.5));
                Discovery next = i % 3 == 0 ? discovery : other;
                assertThat(next.register("web", instance(1, Map.of()))).isEqualTo(instance);
            }
        }
        watcher.awaitExactly(new Up("web", instance), new Leader("web", Optional.of(instance)), new Current("web"));
    }

    @Rule("DI-13")
    void aProcessThatIsGoneTakesItsInstancesWithItButNotTooSoon() {
        assumeTrue(can(DiscoveryCapability.SHARED), "one process only");
        create("web");
        Instance mine = register("web", 1);
        Discovery other = openAnother(dataDirectory);
        Instance theirs = other.register("web", instance(2, Map.of()));
        for (int i = 0; i < 5; i++) {
            advance(fraction(0.5));
            register("web", 1);
            other.register("web", instance(2, Map.of()));
        }

        other.close();

        advance(fraction(0.5));
        register("web", 1);
        advance(fraction(0.4));
        register("web", 1);
        assertThat(discovery.instances("web")).containsExactly(mine, theirs);
        advanceUntilExpired(1.1, "web", 1);
        assertThat(discovery.instances("web")).containsExactly(mine);
    }

    // ---- DI-14: metadata and leader together

    @Rule("DI-14")
    void metadataAndLeaderChangeTogetherOrNotAtAll() {
        assumeTrue(
                can(DiscoveryCapability.MANUAL_LEADER) && can(DiscoveryCapability.SERVICE_METADATA),
                "no leaders by hand, or no metadata");
        discovery.createService("db", LeaderType.MANUAL);
        create("web");
        Instance first = register("db", 1);
        Instance second = register("db", 2);

        ServiceMeta written = discovery.setMetaAndLeader("db", new ServiceMeta("1", 0), first.id());

        assertThat(discovery.meta("db")).contains(written);
        assertThat(discovery.leader("db")).contains(first);
        assertRefused(
                ErrorCode.PRECONDITION_FAILED,
                () -> discovery.setMetaAndLeader("db", new ServiceMeta("2", written.index() + 1), second.id()));
        assertThat(discovery.leader("db")).contains(first);
        assertRefused(
                ErrorCode.VALIDATION, () -> discovery.setMetaAndLeader("web", new ServiceMeta("1", 0), first.id()));
        assertThat(discovery.meta("web")).isEmpty();
    }

    // ---- helpers

    private boolean can(DiscoveryCapability capability) {
        return discovery.capabilities().contains(capability);
    }

    private void create(String service) {
        discovery.createService(service, LeaderType.OLDEST);
    }

    private Instance register(String service, int port) {
        return discovery.register(service, instance(port, Map.of()));
    }

    private static Instance instance(int port, Map<String, String> meta) {
        return Instance.of("http", "127.0.0.1:" + port, meta);
    }

    private RecordingWatcher watch(String service) {
        var watcher = new RecordingWatcher(patience());
        discovery.watch(service, watcher);
        return watcher;
    }

    private Duration fraction(double ofTtl) {
        return Duration.ofNanos(Math.round(discovery.ttl().toNanos() * ofTtl));
    }

    /** Lets the rest of the time to live pass and the two seconds after it, while one instance is renewed. */
    private void advanceUntilExpired(double restOfTtl, String service, int renewedPort) {
        Duration half = fraction(0.5);
        Duration left = fraction(restOfTtl).plus(EXPIRY_SLACK);
        while (left.compareTo(half) > 0) {
            advance(half);
            register(service, renewedPort);
            left = left.minus(half);
        }
        advance(left);
    }

    private static void assertRefused(ErrorCode code, ThrowingCallable call) {
        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(call)
                .matches(refusal -> refusal.code() == code, "has code " + code);
    }

    private <T> T onAnotherThread(Callable<T> task) {
        return get(threads.submit(task));
    }

    private static <T> T get(Future<T> future) {
        try {
            return future.get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("a thread of the test failed", e);
        }
    }
}
