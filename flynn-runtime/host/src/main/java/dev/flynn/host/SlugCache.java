package dev.flynn.host;

import static java.util.Objects.requireNonNull;
import static java.util.Objects.requireNonNullElse;

import dev.flynn.api.discovery.Instance;
import dev.flynn.spi.discovery.Discovery;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/** The slugs that this host was asked for, as they were packed: each is fetched once, however many jobs run it. Thread-safe. */
public final class SlugCache {

    /** The variable of a release's environment that names its slug. */
    public static final String SLUG_URL = "SLUG_URL";

    private static final String DISCOVERD = ".discoverd";

    /** The only service that is told the cluster's key: others are of apps, and anybody may name one. */
    private static final String BLOBSTORE = "blobstore" + DISCOVERD;

    private static final String PARTIAL = ".part";
    private static final long KEPT_BYTES = 4L << 30;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration RETRY = Duration.ofMillis(200);

    private final Path directory;
    private final Discovery discovery;
    private final Supplier<String> key;
    private final long keptBytes;
    private final Duration patience;

    /** One lock per slug, so that starts of several jobs share one download. */
    private final Map<String, Object> locks = new ConcurrentHashMap<>();

    /** @param key what the blobstore asks for, known once the cluster is set up */
    public SlugCache(Path directory, Discovery discovery, Supplier<String> key) {
        this(directory, discovery, key, KEPT_BYTES, PATIENCE);
    }

    /**
     * @param keptBytes of slugs that may be needed again; the last one is always kept
     * @param patience how long to wait for the blobstore
     */
    SlugCache(Path directory, Discovery discovery, Supplier<String> key, long keptBytes, Duration patience) {
        this.directory = directory;
        this.discovery = discovery;
        this.key = key;
        this.keptBytes = keptBytes;
        this.patience = patience;
    }

    /**
     * The slug as it was packed, fetched if it is not here. While the blobstore is not there, as when a cluster comes up, this
     * waits for it.
     */
    InputStream open(String url) throws IOException {
        String name = fileName(url);
        synchronized (locks.computeIfAbsent(name, any -> new Object())) {
            Files.createDirectories(directory);
            Path slug = directory.resolve(name);
            if (!Files.exists(slug)) {
                Path partial = Files.createTempFile(directory, "fetch", PARTIAL);
                try {
                    fetch(url, partial);
                    Files.move(partial, slug, StandardCopyOption.ATOMIC_MOVE);
                } finally {
                    Files.deleteIfExists(partial);
                }
                forgetOldest(slug);
            }
            Files.setLastModifiedTime(slug, FileTime.from(Instant.now()));
            return Files.newInputStream(slug);
        }
    }

    /** The slugs that are here, as they were packed. */
    List<Path> packed() throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (var files = Files.list(directory)) {
            return files.filter(file -> !file.toString().endsWith(PARTIAL)).toList();
        }
    }

    /** @return whether it was there; a job that is being made of it gets all of it */
    boolean deletePacked(String name) throws IOException {
        synchronized (locks.computeIfAbsent(name, any -> new Object())) {
            return Files.deleteIfExists(directory.resolve(name));
        }
    }

    /** One that no other URL has. */
    static String fileName(String url) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(url.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Slugs that are in use stay readable: a file goes only when nobody has it open any more. */
    private void forgetOldest(Path newest) throws IOException {
        List<Path> slugs;
        try (var files = Files.list(directory)) {
            slugs = files.filter(file -> !file.toString().endsWith(PARTIAL) && !file.equals(newest))
                    .sorted(Comparator.comparingLong(
                                    (Path file) -> file.toFile().lastModified())
                            .reversed())
                    .toList();
        }
        long kept = Files.size(newest);
        for (Path slug : slugs) {
            kept += slug.toFile().length();
            if (kept > keptBytes) {
                Files.deleteIfExists(slug);
            }
        }
    }

    private void fetch(String url, Path file) throws IOException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            try {
                download(url, file);
                return;
            } catch (NotReadyException e) {
                if (System.nanoTime() - deadline > 0) {
                    throw e;
                }
                pause(e);
            }
        }
    }

    private static void pause(IOException reason) throws IOException {
        try {
            TimeUnit.MILLISECONDS.sleep(RETRY.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw reason;
        }
    }

    private void download(String url, Path file) throws IOException {
        URI wanted = uri(url);
        var connection = (HttpURLConnection) resolve(wanted).toURL().openConnection();
        connection.setConnectTimeout(5_000);
        connection.setReadTimeout(60_000);
        if (BLOBSTORE.equals(wanted.getHost())) {
            connection.setInstanceFollowRedirects(false);
            String credentials = Base64.getEncoder().encodeToString((":" + key.get()).getBytes(StandardCharsets.UTF_8));
            connection.setRequestProperty("Authorization", "Basic " + credentials);
        }
        int status;
        try {
            status = connection.getResponseCode();
        } catch (IOException e) {
            // its host may have died, and discovery not know yet: another one may have it
            throw new NotReadyException("cannot fetch the slug %s: %s".formatted(url, e.getMessage()));
        }
        if (status == 503) {
            throw new NotReadyException("cannot fetch the slug %s: status 503".formatted(url));
        }
        if (status != 200) {
            throw new IOException("cannot fetch the slug %s: status %d".formatted(url, status));
        }
        long expected = connection.getContentLengthLong();
        try (InputStream body = connection.getInputStream()) {
            long received = Files.copy(body, file, StandardCopyOption.REPLACE_EXISTING);
            if (expected >= 0 && received != expected) {
                throw new NotReadyException(
                        "cannot fetch the slug %s: %d of %d bytes came".formatted(url, received, expected));
            }
        }
    }

    private static URI uri(String url) throws IOException {
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            throw new IOException("%s \"%s\" is not a URL".formatted(SLUG_URL, url), e);
        }
        if (!"http".equals(uri.getScheme()) && !"https".equals(uri.getScheme())) {
            throw new IOException("%s \"%s\" does not begin with http:// or https://".formatted(SLUG_URL, url));
        }
        return uri;
    }

    private static boolean isService(URI url) {
        return url.getHost() != null && url.getHost().endsWith(DISCOVERD);
    }

    /** There is no DNS for services on this host, so that names of services are looked up here. */
    private URI resolve(URI url) throws IOException {
        if (!isService(url)) {
            return url;
        }
        String service = url.getHost().substring(0, url.getHost().length() - DISCOVERD.length());
        List<Instance> instances = discovery.instances(service);
        if (instances.isEmpty()) {
            throw new NotReadyException(
                    "cannot fetch the slug %s: service %s has no instance now".formatted(url, service));
        }
        Instance any = instances.get(ThreadLocalRandom.current().nextInt(instances.size()));
        String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
        return URI.create("http://" + any.addr() + url.getRawPath() + query);
    }

    /** The same request may succeed in a moment. */
    private static final class NotReadyException extends IOException {

        private static final long serialVersionUID = 1;

        NotReadyException(String message) {
            super(message);
        }
    }

    /** Unpacks a gzipped tar; entries that would leave the directory are refused. */
    static void unpack(InputStream packed, Path target) throws IOException {
        Path root = target.toRealPath();
        try (var tar =
                new TarArchiveInputStream(new GzipCompressorInputStream(new BufferedInputStream(packed), true))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                Path file = root.resolve(entry.getName()).normalize();
                if (!file.startsWith(root)) {
                    throw new IOException("the slug has an entry outside of it: " + entry.getName());
                }
                if (file.equals(root)) {
                    continue;
                }
                Path parent = requireNonNullElse(file.getParent(), root);
                requireInside(nearestExisting(parent), root, entry.getName());
                if (!Files.isDirectory(parent)) {
                    Files.createDirectories(parent);
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(file);
                } else if (entry.isSymbolicLink()) {
                    Files.deleteIfExists(file);
                    Files.createSymbolicLink(file, Path.of(entry.getLinkName()));
                } else if (entry.isLink()) {
                    Path linked = root.resolve(entry.getLinkName()).normalize();
                    requireInside(linked, root, entry.getName());
                    Files.createLink(file, linked);
                } else if (entry.isFile()) {
                    Files.deleteIfExists(file);
                    Files.copy(tar, file);
                    Files.setPosixFilePermissions(file, permissions(entry.getMode()));
                }
            }
        }
    }

    /** What a symbolic link on the way leads to counts, so nothing is created before it was looked at. */
    private static Path nearestExisting(Path directory) {
        Path existing = directory;
        while (!Files.exists(existing, LinkOption.NOFOLLOW_LINKS)) {
            existing = requireNonNull(existing.getParent(), "the root exists");
        }
        return existing;
    }

    private static void requireInside(Path directory, Path root, String entry) throws IOException {
        if (!directory.toRealPath().startsWith(root)) {
            throw new IOException("the slug has an entry outside of it: " + entry);
        }
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        Set<PosixFilePermission> permissions =
                EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
        if ((mode & 0100) != 0) {
            permissions.add(PosixFilePermission.OWNER_EXECUTE);
        }
        if ((mode & 0040) != 0) {
            permissions.add(PosixFilePermission.GROUP_READ);
        }
        if ((mode & 0010) != 0) {
            permissions.add(PosixFilePermission.GROUP_EXECUTE);
        }
        if ((mode & 0004) != 0) {
            permissions.add(PosixFilePermission.OTHERS_READ);
        }
        if ((mode & 0001) != 0) {
            permissions.add(PosixFilePermission.OTHERS_EXECUTE);
        }
        return permissions;
    }
}
