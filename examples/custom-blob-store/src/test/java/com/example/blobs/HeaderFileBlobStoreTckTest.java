package com.example.blobs;

import dev.flynn.spi.blob.BlobStore;
import dev.flynn.tck.blob.BlobStoreTck;
import java.nio.file.Path;

/** All that an implementor writes to hold a store to its promises. */
class HeaderFileBlobStoreTckTest extends BlobStoreTck {

    @Override
    protected BlobStore openStore(Path dataDirectory) {
        return new HeaderFileBlobStore(dataDirectory);
    }
}
