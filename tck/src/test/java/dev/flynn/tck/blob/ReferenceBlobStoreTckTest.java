package dev.flynn.tck.blob;

import dev.flynn.spi.blob.BlobStore;
import java.nio.file.Path;

/** The kit lets a correct store pass. */
class ReferenceBlobStoreTckTest extends BlobStoreTck {

    @Override
    protected BlobStore openStore(Path dataDirectory) {
        return new ReferenceBlobStore(dataDirectory);
    }
}
