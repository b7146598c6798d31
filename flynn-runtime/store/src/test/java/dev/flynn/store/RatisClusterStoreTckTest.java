package dev.flynn.store;

import dev.flynn.spi.store.ClusterStore;
import dev.flynn.tck.store.ClusterStoreTck;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
class RatisClusterStoreTckTest extends ClusterStoreTck {

    @Override
    protected ClusterStore openStore(Path dataDirectory) {
        return RatisClusterStore.builder(dataDirectory)
                .limits(TestLimits.SHORT_HISTORY)
                .build();
    }

    @Override
    protected int historyLimit() {
        return TestLimits.SHORT_HISTORY.historyChanges();
    }

    @Override
    protected Optional<String> factoryName() {
        return Optional.of("ratis");
    }
}
