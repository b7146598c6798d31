package dev.flynn.blobstore;

import dev.flynn.spi.blob.BlobStore;
import dev.flynn.tck.blob.BlobStoreTck;
import java.nio.file.Path;
import java.time.Clock;

class FileBlobStoreTckTest extends BlobStoreTck {

    @Override
    protected BlobStore openStore(Path dataDirectory) {
        return new FileBlobStore(dataDirectory, Clock.systemUTC());
    }
}
