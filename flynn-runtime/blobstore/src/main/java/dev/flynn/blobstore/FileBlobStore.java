package dev.flynn.blobstore;

import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.blob.BlobStore;
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
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * A {@link BlobStore} of one host: a file per object, named after the SHA-256 of its key. What is known about an object
 * follows its content in the same file, so that one rename makes both visible.
 */
public final class FileBlobStore implements BlobStore {

    private static final int BUFFER = 64 * 1024;
    private static final int MAX_KEY_LENGTH = 1024;
    private static final int MAX_TYPE_LENGTH = 255;
    private static final int TRAILER_LENGTH_BYTES = 4;
    private static final int MAX_TRAILER_BYTES = 16 * 1024;
    private static final String PARTIAL = ".part";

    private final Path directory;
    private final Clock clock;
    private final FlynnJson json = new FlynnJson();

    /** Opens the store and drops what unfinished writes left. */
    public FileBlobStore(Path directory, Clock clock) {
        this.directory = directory;
        this.clock = clock;
        try {
            Files.createDirectories(directory);
            try (var partial = Files.newDirectoryStream(directory, "*" + PARTIAL)) {
                for (Path file : partial) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot use " + directory, e);
        }
    }

    @Override
    public BlobInfo put(String key, String contentType, InputStream content) throws IOException {
        return put(key, contentType, content, Optional.empty());
    }

    /** @param etag what the content must have; another one is stored nowhere */
    BlobInfo put(String key, String contentType, InputStream content, Optional<String> etag) throws IOException {
        Path target = file(key);
        requireContentType(contentType);
        Path partial = Files.createTempFile(directory, "put", PARTIAL);
        try {
            BlobInfo info;
            try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE)) {
                OutputStream out = Channels.newOutputStream(channel);
                MessageDigest digest = sha("SHA-512");
                long size = copy(content, out, digest);
                info = new BlobInfo(key, size, contentType, HexFormat.of().formatHex(digest.digest()), now());
                if (etag.isPresent() && !etag.get().equals(info.etag())) {
                    throw new IOException("the content of %s is not what was announced".formatted(key));
                }
                byte[] trailer = json.writeBytes(info);
                out.write(trailer);
                out.write(ByteBuffer.allocate(TRAILER_LENGTH_BYTES)
                        .putInt(trailer.length)
                        .array());
                channel.force(true);
            }
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            forceDirectory();
            return info;
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    private static void requireContentType(String type) {
        if (type.length() > MAX_TYPE_LENGTH) {
            throw FlynnException.invalid("a content type has at most %d characters".formatted(MAX_TYPE_LENGTH));
        }
    }

    /** As precise as JSON has it, so that what put returns is what info finds. */
    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static long copy(InputStream content, OutputStream out, MessageDigest digest) throws IOException {
        byte[] buffer = new byte[BUFFER];
        long size = 0;
        for (int count = content.read(buffer); count >= 0; count = content.read(buffer)) {
            out.write(buffer, 0, count);
            digest.update(buffer, 0, count);
            size += count;
        }
        return size;
    }

    private void forceDirectory() throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public Optional<BlobInfo> info(String key) throws IOException {
        try (FileChannel channel = FileChannel.open(file(key), StandardOpenOption.READ)) {
            return Optional.of(readInfo(channel));
        } catch (NoSuchFileException absent) {
            return Optional.empty();
        }
    }

    @Override
    public Optional<Blob> open(String key) throws IOException {
        FileChannel channel;
        try {
            channel = FileChannel.open(file(key), StandardOpenOption.READ);
        } catch (NoSuchFileException absent) {
            return Optional.empty();
        }
        try {
            return Optional.of(new OpenFile(channel, readInfo(channel)));
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public void delete(String key) throws IOException {
        Files.deleteIfExists(file(key));
    }

    @Override
    public List<String> keys(String prefix) throws IOException {
        List<String> keys = new ArrayList<>();
        try (var files = Files.newDirectoryStream(
                directory, path -> !path.toString().endsWith(PARTIAL) && Files.isRegularFile(path))) {
            for (Path file : files) {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                    String key = readInfo(channel).key();
                    if (key.startsWith(prefix)) {
                        keys.add(key);
                    }
                } catch (NoSuchFileException deletedMeanwhile) {
                    // it is not there any more
                }
            }
        }
        keys.sort(null);
        return keys;
    }

    private BlobInfo readInfo(FileChannel channel) throws IOException {
        long end = channel.size() - TRAILER_LENGTH_BYTES;
        int length = end < 0 ? -1 : read(channel, end, TRAILER_LENGTH_BYTES).getInt();
        if (length < 0 || length > Math.min(end, MAX_TRAILER_BYTES)) {
            throw new IOException("a file of the blob store in " + directory + " is damaged");
        }
        byte[] trailer = read(channel, end - length, length).array();
        return json.read(new String(trailer, StandardCharsets.UTF_8), BlobInfo.class);
    }

    private static ByteBuffer read(FileChannel channel, long position, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, position + buffer.position()) < 0) {
                throw new IOException("a file of the blob store ends too early");
            }
        }
        return buffer.flip();
    }

    private Path file(String key) {
        requireKey(key);
        byte[] digest = sha("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
        return directory.resolve(HexFormat.of().formatHex(digest));
    }

    /** @throws FlynnException {@code VALIDATION} for what is no key (BS-6) */
    static void requireKey(String key) {
        boolean safe = !key.isEmpty() && key.length() <= MAX_KEY_LENGTH && !key.startsWith("/");
        for (String segment : key.split("/", -1)) {
            safe &= !segment.equals("..") && !segment.equals(".");
        }
        if (!safe) {
            throw FlynnException.invalid("\"%s\" is no key: a key is a path of 1 to %d characters without .. in it"
                    .formatted(key, MAX_KEY_LENGTH));
        }
    }

    private static MessageDigest sha(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has " + algorithm, e);
        }
    }

    @Override
    public void close() {
        // every operation opens and closes its own file
    }

    private record OpenFile(FileChannel channel, BlobInfo info) implements Blob {

        @Override
        public InputStream content(long offset) throws IOException {
            channel.position(offset);
            return new Bounded(Channels.newInputStream(channel), Math.max(0, info.size() - offset));
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** The content without what follows it in the file. */
    private static final class Bounded extends InputStream {
        private final InputStream in;
        private long left;

        Bounded(InputStream in, long left) {
            this.in = in;
            this.left = left;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (left == 0) {
                return -1;
            }
            int count = in.read(bytes, offset, (int) Math.min(length, left));
            left -= Math.max(0, count);
            return count;
        }
    }
}
