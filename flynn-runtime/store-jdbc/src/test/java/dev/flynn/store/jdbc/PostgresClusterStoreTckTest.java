package dev.flynn.store.jdbc;

import dev.flynn.spi.store.ClusterStore;
import dev.flynn.tck.store.ClusterStoreTck;
import java.nio.file.Path;
import java.util.Optional;

class PostgresClusterStoreTckTest extends ClusterStoreTck {

    private static final int HISTORY = 400;

    @Override
    protected ClusterStore openStore(Path dataDirectory) {
        PostgresConfig config = TestDatabase.config(dataDirectory).withHistory(HISTORY);
        TestDatabase.describe(config, dataDirectory);
        return PostgresClusterStore.open(config);
    }

    @Override
    protected int historyLimit() {
        return HISTORY + HISTORY / 8;
    }

    @Override
    protected Optional<String> factoryName() {
        return Optional.of("postgres");
    }
}
