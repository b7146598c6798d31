package dev.flynn.discovery;

import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.store.RatisClusterStore;
import dev.flynn.tck.discovery.DiscoveryTck;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

class StoreDiscoveryTckTest extends DiscoveryTck {

    private final ManualClock clock = new ManualClock();
    private @Nullable ClusterStore store;
    private @Nullable StoreDiscovery discovery;

    @Override
    protected Discovery openDiscovery(Path dataDirectory) {
        closeStore();
        store = RatisClusterStore.builder(dataDirectory).build();
        discovery = StoreDiscovery.builder(store).clock(clock).expiringByHand().build();
        return discovery;
    }

    /** As the timer would: a look after each interval. */
    @Override
    protected void advance(Duration time) {
        Duration left = time;
        while (!left.isZero()) {
            Duration step = left.compareTo(discovery.lookEvery()) < 0 ? left : discovery.lookEvery();
            clock.advance(step);
            discovery.expire();
            left = left.minus(step);
        }
    }

    @AfterEach
    void closeStore() {
        if (store != null) {
            store.close();
        }
    }
}
