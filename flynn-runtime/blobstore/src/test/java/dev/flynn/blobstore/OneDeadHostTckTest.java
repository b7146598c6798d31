package dev.flynn.blobstore;

import dev.flynn.spi.blob.BlobStore;
import dev.flynn.tck.blob.BlobStoreTck;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/** Every promise of a blob store while one of three hosts is dead and discovery still has it. */
class OneDeadHostTckTest extends BlobStoreTck {

    private @Nullable BlobCluster cluster;

    @Override
    protected BlobStore openStore(Path dataDirectory) {
        if (cluster == null) {
            cluster = new BlobCluster(dataDirectory);
            cluster.start("a", BlobCluster.NEVER);
            cluster.start("b", BlobCluster.NEVER);
            cluster.start("c", BlobCluster.NEVER);
            cluster.crash("c");
        }
        return cluster.node("a").blobs();
    }

    @AfterEach
    void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }
}
