package dev.flynn.tck.blob;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.blob.BlobStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;

/** A simple store that keeps every promise: contents under random names, and an index of them. */
class ReferenceBlobStore implements BlobStore {

    /** An object, and the file with its content. */
    record Entry(BlobInfo info, Path file) {}

    final Path directory;
    private final Path index;
    private final Map<String, Entry> entries = new TreeMap<>();

    ReferenceBlobStore(Path directory) {
        this.directory = directory;
        this.index = directory.resolve("index");
        try {
            for (String line : Files.exists(index) ? Files.readAllLines(index) : List.<String>of()) {
                String[] fields = line.split("\t", -1);
                var info = new BlobInfo(
                        fields[0], Long.parseLong(fields[1]), fields[2], fields[3], Instant.parse(fields[4]));
                entries.put(fields[0], new Entry(info, directory.resolve(fields[3])));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public BlobInfo put(String key, String contentType, InputStream content) throws IOException {
        requireValid(key);
        String etag = UUID.randomUUID().toString();
        Path file = directory.resolve(etag);
        long size = Files.copy(content, file);
        var info = new BlobInfo(key, size, contentType, etag, Instant.now());
        synchronized (this) {
            Entry old = entries.put(key, new Entry(info, file));
            save();
            if (old != null) {
                Files.delete(old.file());
            }
        }
        return info;
    }

    void save() throws IOException {
        List<String> lines = entries.values().stream()
                .map(Entry::info)
                .map(info -> String.join(
                        "\t",
                        info.key(),
                        Long.toString(info.size()),
                        info.contentType(),
                        info.etag(),
                        info.modifiedAt().toString()))
                .collect(Collectors.toList());
        Files.write(index, lines, UTF_8);
    }

    @Override
    public Optional<BlobInfo> info(String key) throws IOException {
        return entry(key).map(Entry::info);
    }

    synchronized Optional<Entry> entry(String key) {
        requireValid(key);
        return Optional.ofNullable(entries.get(key));
    }

    @Override
    public synchronized Optional<Blob> open(String key) throws IOException {
        Optional<Entry> entry = entry(key);
        return entry.isEmpty()
                ? Optional.empty()
                : Optional.of(new OpenBlob(
                        entry.get().info(), FileChannel.open(entry.get().file())));
    }

    @Override
    public synchronized void delete(String key) throws IOException {
        requireValid(key);
        Entry old = entries.remove(key);
        if (old != null) {
            save();
            Files.delete(old.file());
        }
    }

    @Override
    public synchronized List<String> keys(String prefix) {
        return entries.keySet().stream().filter(key -> key.startsWith(prefix)).collect(Collectors.toList());
    }

    void requireValid(String key) {
        boolean leaves =
                key.startsWith("/") || Arrays.asList(key.split("/", -1)).contains("..");
        if (leaves || key.isEmpty() || key.length() > 1024) {
            throw FlynnException.invalid("no key: " + key);
        }
    }

    @Override
    public void close() {}

    record OpenBlob(BlobInfo info, FileChannel channel) implements Blob {

        @Override
        public InputStream content(long offset) throws IOException {
            return Channels.newInputStream(channel.position(offset));
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
