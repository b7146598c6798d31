package dev.flynn.discovery.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.DiscoveryEvent.Current;
import dev.flynn.api.discovery.DiscoveryEvent.Down;
import dev.flynn.api.discovery.DiscoveryEvent.Leader;
import dev.flynn.api.discovery.DiscoveryEvent.Up;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EtcdDiscoveryTest {

    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final Duration LONG_TTL = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private TestEtcd etcd;
    private EtcdDiscovery discovery;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @BeforeEach
    void start() {
        etcd = new TestEtcd(directory);
        discovery = EtcdDiscovery.open(etcd.config("host0", LONG_TTL));
    }

    @AfterEach
    void stop() throws InterruptedException {
        threads.shutdownNow();
        discovery.close();
        etcd.close();
        assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aWatchGoesOnAfterEtcdWasKilledAndMissesNothing() {
        discovery.createService("web", LeaderType.OLDEST);
        var watcher = new Recorder();
        discovery.watch("web", watcher);
        List<Instance> registered = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            registered.add(register(10 * round));

            etcd.kill();
            etcd.start();

            // what happens while the watch has no stream yet is told too
            registered.add(register(10 * round + 1));
            discovery.deregister("web", registered.get(2 * round).id());
        }
        Instance last = register(99);

        await().atMost(PATIENCE).until(() -> watcher.events.contains(new Up("web", last)));
        List<DiscoveryEvent> expected = new ArrayList<>();
        expected.add(new Current("web"));
        for (int round = 0; round < 3; round++) {
            Instance first = registered.get(2 * round);
            Instance second = registered.get(2 * round + 1);
            expected.add(new Up("web", first));
            if (round == 0) {
                expected.add(new Leader("web", Optional.of(first)));
            }
            expected.add(new Up("web", second));
            expected.add(new Down("web", first));
            if (round == 0) {
                expected.add(new Leader("web", Optional.of(second)));
            }
        }
        expected.add(new Up("web", last));
        assertThat(watcher.events).containsExactlyElementsOf(expected);
        assertThat(watcher.ends).isEmpty();
    }

    @Test
    void aWatchThatWasCutOffIsToldWhatOthersDidMeanwhile() throws IOException {
        discovery.createService("web", LeaderType.OLDEST);
        try (var proxy = new Proxy(etcd.port());
                var far = EtcdDiscovery.open(new EtcdConfig(
                        List.of(URI.create("http://127.0.0.1:" + proxy.port())),
                        "host1",
                        EtcdConfig.DEFAULT_PREFIX,
                        LONG_TTL))) {
            var watcher = new Recorder();
            far.watch("web", watcher);
            List<DiscoveryEvent> expected = new ArrayList<>(List.of(new Current("web")));
            for (int round = 1; round <= 2; round++) {
                Instance before = register(round);
                expected.add(new Up("web", before));
                expected.add(new Leader("web", Optional.of(before)));
                await().atMost(PATIENCE).until(() -> watcher.events.size() == expected.size());

                proxy.cut();
                Instance meanwhile = register(100 + round);
                discovery.deregister("web", before.id());
                discovery.deregister("web", meanwhile.id());
                proxy.mend();

                expected.add(new Up("web", meanwhile));
                expected.add(new Down("web", before));
                expected.add(new Leader("web", Optional.of(meanwhile)));
                expected.add(new Down("web", meanwhile));
                expected.add(new Leader("web", Optional.empty()));
            }
            await().atMost(PATIENCE).until(() -> watcher.events.size() >= expected.size());
            assertThat(watcher.events).containsExactlyElementsOf(expected);
            assertThat(watcher.ends).isEmpty();
        }
    }

    @Test
    void whatWasRegisteredSurvivesADeathOfEtcd() {
        discovery.createService("web", LeaderType.OLDEST);
        Instance registered = register(1);

        etcd.kill();
        etcd.start();

        assertThat(discovery.instances("web")).containsExactly(registered);
        assertThat(register(1)).isEqualTo(registered);
    }

    @Test
    void withoutEtcdEverythingIsUnavailableInSeconds() {
        discovery.createService("web", LeaderType.OLDEST);
        etcd.kill();
        long begin = System.nanoTime();

        FlynnException failure = catchThrowableOfType(FlynnException.class, () -> register(1));

        assertThat(failure.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
        assertThat(failure).hasMessageContaining("127.0.0.1");
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(12));
    }

    @Test
    void heartbeatsAreRefusedOnceTheLeaseCouldEndBeforeThem() {
        Duration ttl = Duration.ofSeconds(2);
        try (var shortLived = EtcdDiscovery.open(etcd.config("host1", ttl))) {
            shortLived.createService("db", LeaderType.OLDEST);
            Instance instance = Instance.of("http", "127.0.0.1:1", Map.of());
            shortLived.register("db", instance);

            etcd.kill();
            await().pollDelay(ttl).until(() -> true);

            assertThat(catchThrowableOfType(FlynnException.class, () -> shortLived.register("db", instance))
                            .code())
                    .isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
        }
    }

    @Test
    void ofTwoHeartbeatsAndARemovalAtOnceNothingIsLost() throws Exception {
        try (var other = EtcdDiscovery.open(etcd.config("host1", LONG_TTL))) {
            discovery.createService("web", LeaderType.OLDEST);
            Instance instance = Instance.of("http", "127.0.0.1:1", Map.of());
            for (int round = 0; round < 30; round++) {
                Future<Instance> here = threads.submit(() -> discovery.register("web", instance));
                Future<Instance> there = threads.submit(() -> other.register("web", instance));
                Future<?> removal = threads.submit(() -> discovery.deregister("web", instance.id()));
                here.get(20, TimeUnit.SECONDS);
                there.get(20, TimeUnit.SECONDS);
                removal.get(20, TimeUnit.SECONDS);

                Instance after = discovery.register("web", instance);

                assertThat(other.instances("web")).containsExactly(after);
            }
        }
    }

    @Test
    void aSlowWatcherHoldsUpNoOther() {
        discovery.createService("web", LeaderType.OLDEST);
        var blocked = new java.util.concurrent.CountDownLatch(1);
        discovery.watch("web", event -> {
            if (event instanceof Up) {
                awaitQuietly(blocked);
            }
        });
        var quick = new Recorder();
        discovery.watch("web", quick);
        try {
            Instance last = null;
            for (int port = 1; port <= 20; port++) {
                last = register(port);
            }
            var expected = new Up("web", last);
            await().atMost(PATIENCE).until(() -> quick.events.contains(expected));
        } finally {
            blocked.countDown();
        }
    }

    @Test
    void manyInstancesAreReadAtOnce() {
        discovery.createService("web", LeaderType.OLDEST);
        Map<String, String> meta = Map.of("filler", "x".repeat(60_000));
        for (int port = 1; port <= 100; port++) {
            discovery.register("web", Instance.of("http", "127.0.0.1:" + port, meta));
        }

        assertThat(discovery.instances("web")).hasSize(100);
    }

    @Test
    void closingEndsTheWatchesAndRefusesTheRest() {
        var watcher = new Recorder();
        discovery.watchAll(watcher);

        discovery.close();
        discovery.close();

        assertThat(watcher.ends).map(FlynnException::code).containsExactly(ErrorCode.SERVICE_UNAVAILABLE);
        assertThatIllegalStateException().isThrownBy(() -> discovery.services());
        assertThatIllegalStateException().isThrownBy(() -> discovery.watchAll(watcher));
    }

    private Instance register(int port) {
        return discovery.register("web", Instance.of("http", "127.0.0.1:" + port, Map.of()));
    }

    private static void awaitQuietly(java.util.concurrent.CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static final class Recorder implements DiscoveryWatcher {

        private final List<DiscoveryEvent> events = new CopyOnWriteArrayList<>();
        private final List<FlynnException> ends = new CopyOnWriteArrayList<>();

        @Override
        public void onEvent(DiscoveryEvent event) {
            events.add(event);
        }

        @Override
        public void onEnd(FlynnException reason) {
            ends.add(reason);
        }
    }
}
