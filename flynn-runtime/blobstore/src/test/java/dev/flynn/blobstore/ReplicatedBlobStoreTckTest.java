package dev.flynn.blobstore;

import dev.flynn.spi.blob.BlobStore;
import dev.flynn.tck.blob.BlobStoreTck;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/** Every promise of a blob store, through one of three hosts. */
class ReplicatedBlobStoreTckTest extends BlobStoreTck {

    private @Nullable BlobCluster cluster;

    @Override
    protected BlobStore openStore(Path dataDirectory) {
        if (cluster == null) {
            cluster = new BlobCluster(dataDirectory);
            cluster.start("a", BlobCluster.QUICK);
            cluster.start("b", BlobCluster.QUICK);
            cluster.start("c", BlobCluster.QUICK);
        } else {
            // each time it is opened it is another host, which has some of the copies only
            cluster.kill("a");
        }
        return cluster.node("b").blobs();
    }

    @AfterEach
    void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }
}
