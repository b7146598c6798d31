package dev.flynn.discovery;

import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.store.RatisClusterStore;
import dev.flynn.tck.discovery.DiscoveryTck;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
class StoreDiscoveryTckTest extends DiscoveryTck {

    private final ManualClock clock = new ManualClock();
    private @Nullable ClusterStore store;
    private final List<StoreDiscovery> processes = new ArrayList<>();

    @Override
    protected Discovery openDiscovery(Path dataDirectory) {
        closeStore();
        processes.clear();
        store = RatisClusterStore.builder(dataDirectory).build();
        return open("host0");
    }

    @Override
    protected Discovery openAnother(Path dataDirectory) {
        return open("host" + processes.size());
    }

    private StoreDiscovery open(String member) {
        StoreDiscovery opened = StoreDiscovery.builder(store)
                .member(member)
                .clock(clock)
                .expiringByHand()
                .build();
        processes.add(opened);
        return opened;
    }

    /** As the timers would: a look after each interval, of every process that is not closed. */
    @Override
    protected void advance(Duration time) {
        Duration left = time;
        Duration look = processes.get(0).lookEvery();
        while (!left.isZero()) {
            Duration step = left.compareTo(look) < 0 ? left : look;
            clock.advance(step);
            processes.stream().filter(StoreDiscovery::isOpen).forEach(StoreDiscovery::expire);
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
