package dev.flynn.host;

import static java.util.Objects.requireNonNullElse;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.host.JobSpec;
import dev.flynn.spi.discovery.Discovery;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Base64;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/**
 * Puts an app's files into the directory of a job: the slug that {@code SLUG_URL} names, fetched once per host however many
 * jobs run it. Thread-safe.
 */
public final class SlugCache {

    /** The variable of a release's environment that names its slug. */
    public static final String SLUG_URL = "SLUG_URL";

    private static final String DISCOVERD = ".discoverd";
    private static final int KEPT_SLUGS = 50;

    private final Path directory;
    private final Discovery discovery;
    private final Supplier<String> key;

    /** One lock per slug, so that starts of several jobs share one download. */
    private final Map<String, Object> locks = new ConcurrentHashMap<>();

    /** @param key what the blobstore asks for, known once the cluster is set up */
    public SlugCache(Path directory, Discovery discovery, Supplier<String> key) {
        this.directory = directory;
        this.discovery = discovery;
        this.key = key;
    }

    /** Unpacks the job's slug into its directory; a job without one gets nothing. */
    public void prepare(JobSpec spec, Path appDirectory) throws IOException {
        String url = spec.env().get(SLUG_URL);
        if (url == null || url.isEmpty()) {
            return;
        }
        Path slug = fetch(url);
        try (InputStream packed = Files.newInputStream(slug)) {
            unpack(packed, appDirectory);
        }
    }

    private Path fetch(String url) throws IOException {
        String name = url.replaceAll("[^A-Za-z0-9.-]", "_");
        synchronized (locks.computeIfAbsent(name, any -> new Object())) {
            Files.createDirectories(directory);
            Path slug = directory.resolve(name);
            if (!Files.exists(slug)) {
                Path partial = Files.createTempFile(directory, "fetch", ".part");
                try {
                    download(url, partial);
                    Files.move(partial, slug, StandardCopyOption.ATOMIC_MOVE);
                } finally {
                    Files.deleteIfExists(partial);
                }
                forgetOldest();
            }
            Files.setLastModifiedTime(slug, FileTime.fromMillis(System.currentTimeMillis()));
            return slug;
        }
    }

    private void forgetOldest() throws IOException {
        try (var files = Files.list(directory)) {
            List<Path> oldest = files.filter(file -> !file.toString().endsWith(".part"))
                    .sorted(Comparator.comparingLong(file -> -file.toFile().lastModified()))
                    .skip(KEPT_SLUGS)
                    .toList();
            for (Path slug : oldest) {
                Files.deleteIfExists(slug);
            }
        }
    }

    private void download(String url, Path file) throws IOException {
        URI address = resolve(URI.create(url));
        var connection = (HttpURLConnection) address.toURL().openConnection();
        connection.setConnectTimeout(5_000);
        connection.setReadTimeout(60_000);
        if (URI.create(url).getHost().endsWith(DISCOVERD)) {
            String credentials = Base64.getEncoder().encodeToString((":" + key.get()).getBytes(StandardCharsets.UTF_8));
            connection.setRequestProperty("Authorization", "Basic " + credentials);
        }
        if (connection.getResponseCode() != 200) {
            throw new IOException("cannot fetch the slug %s: status %d".formatted(url, connection.getResponseCode()));
        }
        try (InputStream body = connection.getInputStream()) {
            Files.copy(body, file, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** There is no DNS for services on this host, so that names of services are looked up here. */
    private URI resolve(URI url) throws IOException {
        String host = url.getHost();
        if (host == null || !host.endsWith(DISCOVERD)) {
            return url;
        }
        String service = host.substring(0, host.length() - DISCOVERD.length());
        List<Instance> instances = discovery.instances(service);
        if (instances.isEmpty()) {
            throw new IOException("cannot fetch the slug %s: service %s has no instance now".formatted(url, service));
        }
        return URI.create("http://" + instances.get(0).addr() + url.getRawPath());
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
                if (!Files.isDirectory(parent)) {
                    Files.createDirectories(parent);
                }
                requireInside(parent, root, entry.getName());
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
