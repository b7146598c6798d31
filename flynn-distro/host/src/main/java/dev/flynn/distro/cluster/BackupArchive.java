package dev.flynn.distro.cluster;

import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** A backup of a cluster, as {@code flynn cluster backup} writes it: what the store had, and what the blobstore had. */
final class BackupArchive {

    private static final String STORE = "store.json.gz";
    private static final String BLOBS = "blobs/";

    private final Path file;
    private final FlynnJson json;

    BackupArchive(Path file, FlynnJson json) {
        this.file = file;
        this.json = json;
    }

    /** A key of the store with its value. */
    record Entry(String key, String value) {}

    /** Reads an object of the blobstore. */
    @FunctionalInterface
    interface BlobReader {
        void read(String key, long size, InputStream content) throws IOException;
    }

    /** How the archive is called, which has the time of the backup in it. */
    String name() {
        return file.getFileName().toString();
    }

    /**
     * Gives everything that the store had.
     *
     * @throws FlynnException {@code VALIDATION} if this is no whole backup of such a cluster
     */
    void forEachEntry(Consumer<Entry> consumer) {
        boolean[] found = {false};
        read((name, size, content) -> {
            if (name.equals(STORE)) {
                found[0] = true;
                var lines =
                        new BufferedReader(new InputStreamReader(new GZIPInputStream(content), StandardCharsets.UTF_8));
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    consumer.accept(json.read(line, Entry.class));
                }
            } else if (name.endsWith(".sql.gz") || name.endsWith(".archive.gz")) {
                throw refused("it has a database, %s, and no database can be restored yet".formatted(name));
            }
        });
        if (!found[0]) {
            throw refused("it has no " + STORE);
        }
    }

    void forEachBlob(BlobReader reader) {
        read((name, size, content) -> {
            if (name.startsWith(BLOBS)) {
                reader.read(name.substring(BLOBS.length()), size, content);
            }
        });
    }

    private void read(BlobReader reader) {
        try (var tar = new TarArchiveInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                int directory = entry.getName().indexOf('/');
                reader.read(entry.getName().substring(directory + 1), entry.getSize(), tar);
            }
        } catch (IOException e) {
            throw refused(e.toString());
        }
    }

    private FlynnException refused(String why) {
        return FlynnException.invalid("%s cannot be restored: %s".formatted(file, why));
    }
}
