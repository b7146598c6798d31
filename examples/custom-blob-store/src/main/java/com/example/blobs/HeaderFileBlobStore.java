package com.example.blobs;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.blob.BlobStore;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Keeps each object in one file: a header of fixed size, then the content. */
public final class HeaderFileBlobStore implements BlobStore {

    private static final int HEADER_BYTES = 8192;

    private final Path directory;

    public HeaderFileBlobStore(Path directory) {
        this.directory = directory;
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public BlobInfo put(String key, String contentType, InputStream content) throws IOException {
        Path target = file(key);
        Path partial = Files.createTempFile(directory, "put", ".part");
        try {
            long size;
            String etag = UUID.randomUUID().toString();
            Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
            try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE)) {
                byte[] header = String.join("\n", key, contentType, etag, now.toString(), "")
                        .getBytes(StandardCharsets.UTF_8);
                if (header.length > HEADER_BYTES) {
                    throw FlynnException.invalid("key and content type are too long");
                }
                OutputStream out = Channels.newOutputStream(channel);
                out.write(header);
                out.write(new byte[HEADER_BYTES - header.length]);
                size = content.transferTo(out);
                channel.force(true);
            }
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
            return new BlobInfo(key, size, contentType, etag, now);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    @Override
    public Optional<BlobInfo> info(String key) throws IOException {
        try (FileChannel channel = FileChannel.open(file(key), StandardOpenOption.READ)) {
            return Optional.of(readHeader(channel));
        } catch (NoSuchFileException absent) {
            return Optional.empty();
        }
    }

    @Override
    public Optional<Blob> open(String key) throws IOException {
        try {
            FileChannel channel = FileChannel.open(file(key), StandardOpenOption.READ);
            return Optional.of(new OpenBlob(channel, readHeader(channel)));
        } catch (NoSuchFileException absent) {
            return Optional.empty();
        }
    }

    @Override
    public void delete(String key) throws IOException {
        Files.deleteIfExists(file(key));
    }

    @Override
    public List<String> keys(String prefix) throws IOException {
        List<String> keys = new ArrayList<>();
        try (var files = Files.newDirectoryStream(directory, "*.blob")) {
            for (Path file : files) {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                    keys.add(readHeader(channel).key());
                } catch (NoSuchFileException deletedMeanwhile) {
                    // it is not there any more
                }
            }
        }
        keys.removeIf(key -> !key.startsWith(prefix));
        keys.sort(null);
        return keys;
    }

    private static BlobInfo readHeader(FileChannel channel) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        while (header.hasRemaining() && channel.read(header, header.position()) >= 0) {
            // until it is full
        }
        String[] lines = new String(header.array(), StandardCharsets.UTF_8).split("\n", 5);
        return new BlobInfo(lines[0], channel.size() - HEADER_BYTES, lines[1], lines[2], Instant.parse(lines[3]));
    }

    private Path file(String key) {
        List<String> segments = List.of(key.split("/", -1));
        if (key.isEmpty() || key.length() > 1024 || key.startsWith("/") || key.contains("\n")
                || segments.contains("..") || segments.contains(".")) {
            throw FlynnException.invalid("\"" + key + "\" is no key");
        }
        return directory.resolve(UUID.nameUUIDFromBytes(key.getBytes(StandardCharsets.UTF_8)) + ".blob");
    }

    @Override
    public void close() {
        // every call opens and closes its own file
    }

    private record OpenBlob(FileChannel channel, BlobInfo info) implements Blob {

        @Override
        public InputStream content(long offset) throws IOException {
            channel.position(HEADER_BYTES + offset);
            return new FilterInputStream(Channels.newInputStream(channel)) {};
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
