package dev.flynn.images;

import java.io.IOException;
import java.util.List;

/** Where one image comes from. */
interface ImageSource extends AutoCloseable {

    /** What an image consists of: nothing of it is verified but that the blobs will be. */
    record Content(byte[] config, List<LayerBlob> layers) {

        public Content {
            layers = List.copyOf(layers);
        }
    }

    /** Reads everything but the layers. */
    Content read() throws IOException;

    @Override
    default void close() throws IOException {}
}
