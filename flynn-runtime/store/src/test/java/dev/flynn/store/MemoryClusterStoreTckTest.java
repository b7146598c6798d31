package dev.flynn.store;

import dev.flynn.spi.store.ClusterStore;
import dev.flynn.tck.store.ClusterStoreTck;
import java.nio.file.Path;
import java.time.Clock;

class MemoryClusterStoreTckTest extends ClusterStoreTck {

    @Override
    protected ClusterStore openStore(Path dataDirectory) {
        return new MemoryClusterStore(Clock.systemUTC(), TestLimits.SHORT_HISTORY);
    }

    @Override
    protected int historyLimit() {
        return TestLimits.SHORT_HISTORY.historyChanges();
    }
}
