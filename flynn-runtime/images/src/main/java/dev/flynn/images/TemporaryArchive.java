package dev.flynn.images;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** An archive that was fetched or decompressed into a file of its own, and is deleted when it was read. */
record TemporaryArchive(Members members, Path file) implements Members {

    @Override
    public boolean has(String name) {
        return members.has(name);
    }

    @Override
    public InputStream open(String name) throws IOException {
        return members.open(name);
    }

    @Override
    public long size(String name) throws IOException {
        return members.size(name);
    }

    @Override
    public Set<String> names() throws IOException {
        return members.names();
    }

    @Override
    public void close() throws IOException {
        try (members) {
            Files.deleteIfExists(file);
        }
    }
}
