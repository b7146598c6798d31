package dev.flynn.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.store.MemoryClusterStore;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many instances and watchers; {@code -Dflynn.long=true} takes the full size: 24,000 instances, 2,000 watchers. */
@Timeout(600)
class ManyInstancesTest {

    private static final boolean LONG = Boolean.getBoolean("flynn.long");
    private static final int INSTANCES = LONG ? 24_000 : 2_400;
    private static final int WATCHERS = LONG ? 2_000 : 200;
    private static final int SERVICES = 100;

    @Test
    void heartbeatsOfAllAreCheapAndEveryWatcherHearsOfEveryChange() {
        try (var store = new MemoryClusterStore();
                var discovery =
                        StoreDiscovery.builder(store).ttl(Duration.ofHours(1)).build()) {
            for (int service = 0; service < SERVICES; service++) {
                discovery.createService("service-" + service, LeaderType.OLDEST);
            }
            for (int i = 0; i < INSTANCES; i++) {
                discovery.register("service-" + i % SERVICES, instance(i));
            }
            var told = new AtomicLong();
            for (int watcher = 0; watcher < WATCHERS; watcher++) {
                discovery.watch("service-" + watcher % SERVICES, event -> told.incrementAndGet());
            }
            long perService = INSTANCES / SERVICES;
            assertThat(told).hasValue(WATCHERS * (perService + 2));

            long begin = System.nanoTime();
            for (int round = 0; round < 5; round++) {
                for (int i = 0; i < INSTANCES; i++) {
                    discovery.register("service-" + i % SERVICES, instance(i));
                }
            }
            Duration perBeat = Duration.ofNanos((System.nanoTime() - begin) / (5L * INSTANCES));
            assertThat(perBeat).isLessThan(Duration.ofMillis(1));

            told.set(0);
            for (int service = 0; service < SERVICES; service++) {
                discovery.deregister("service-" + service, instance(service).id());
            }
            // down, and another leader
            await().atMost(Duration.ofMinutes(1)).until(() -> told.get() == 2L * WATCHERS);
        }
    }

    private static Instance instance(int number) {
        return Instance.of("http", "10.%d.%d.1:%d".formatted(number / 250, number % 250, 80), Map.of());
    }
}
