package dev.flynn.tck.store;

import dev.flynn.spi.store.ClusterStore;
import java.nio.file.Path;

/** A store that keeps its promises passes. */
class ReferenceStoreTckTest extends ClusterStoreTck {

    @Override
    protected ClusterStore openStore(Path dataDirectory) {
        return new ReferenceStore(dataDirectory);
    }

    @Override
    protected int historyLimit() {
        return ReferenceStore.HISTORY;
    }
}
