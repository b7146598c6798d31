package dev.flynn.images;

import java.io.IOException;
import java.io.InputStream;
import java.util.Set;

/** The files of an image on this machine's disk, in a directory or in an archive. */
interface Members extends AutoCloseable {

    boolean has(String name);

    InputStream open(String name) throws IOException;

    long size(String name) throws IOException;

    /** Those at the top, for messages. */
    Set<String> names() throws IOException;

    /** A small one. */
    default byte[] read(String name) throws IOException {
        try (InputStream in = open(name)) {
            byte[] content = in.readNBytes(ImageMetadata.MAX_BYTES + 1);
            if (content.length > ImageMetadata.MAX_BYTES) {
                throw new IOException("%s is too large to describe an image".formatted(name));
            }
            return content;
        }
    }

    @Override
    void close() throws IOException;
}
