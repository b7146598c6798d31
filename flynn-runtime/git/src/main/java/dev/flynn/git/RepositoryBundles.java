package dev.flynn.git;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.git.Blobs.Presence;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.NullProgressMonitor;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.storage.pack.PackConfig;
import org.eclipse.jgit.transport.BundleWriter;
import org.eclipse.jgit.transport.RefSpec;
import org.eclipse.jgit.transport.TransportBundleStream;
import org.eclipse.jgit.transport.URIish;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The repositories as the cluster keeps them: each a git bundle in the blobstore, {@code repos/<app id>.bundle}, so that
 * pushes outlive the host that took them.
 *
 * <p>The bundle is what counts; a repository on a host's disk is a copy that is brought up to date before it is used. What is
 * fetched is added to the copy, so that those who read from it are not disturbed. Thread-safe.
 */
final class RepositoryBundles {

    private static final Logger log = LoggerFactory.getLogger(RepositoryBundles.class);
    private static final String CONTENT_TYPE = "application/x-git-bundle";

    /** In a repository: the version of the bundle of which it is a copy. */
    private static final String VERSION_FILE = "bundle-version";

    private static final RefSpec EVERYTHING = new RefSpec("+refs/*:refs/*");

    private final Blobs blobs;
    private final Map<AppId, Object> monitors = new ConcurrentHashMap<>();

    RepositoryBundles(Blobs blobs) {
        this.blobs = blobs;
    }

    static String path(AppId app) {
        return "/repos/" + app + ".bundle";
    }

    private Object monitor(AppId app) {
        return monitors.computeIfAbsent(app, id -> new Object());
    }

    /**
     * Makes a repository what its bundle says. One of which there is no bundle stays as it is: it is new, or from the time
     * before there were bundles.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if the blobstore cannot be asked
     */
    void fetch(AppId app, Repository repository) throws IOException {
        synchronized (monitor(app)) {
            Presence presence = blobs.get(path(app), version(repository), bundle -> {
                fetch(repository, bundle.content());
                setVersion(repository, bundle.etag());
            });
            switch (presence) {
                case CHANGED -> log.atInfo().addKeyValue("app", app).log("repository brought up to date");
                case ABSENT -> Files.deleteIfExists(versionFile(repository));
                case UNCHANGED -> {}
            }
        }
    }

    private static void fetch(Repository repository, InputStream bundle) throws IOException {
        try (var transport = new TransportBundleStream(repository, new URIish("bundle:blobstore"), bundle)) {
            transport.setRemoveDeletedRefs(true);
            var unused = transport.fetch(NullProgressMonitor.INSTANCE, List.of(EVERYTHING));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Moves branches and tags. */
    @FunctionalInterface
    interface Moves {
        /** @return whether all were moved */
        boolean make() throws IOException;
    }

    /**
     * Stores a repository as it will be when some of its refs have moved, and then moves them.
     *
     * @param wanted what the refs shall be; {@linkplain ObjectId#zeroId zero} for one that goes
     * @throws FlynnException {@code CONFLICT} if somebody stored it meanwhile; {@code SERVICE_UNAVAILABLE}
     */
    void store(AppId app, Repository repository, Map<String, ObjectId> wanted, Moves moves) throws IOException {
        synchronized (monitor(app)) {
            BundleWriter bundle = bundle(repository, after(repository, wanted));
            String stored = blobs.replace(
                            path(app),
                            version(repository),
                            CONTENT_TYPE,
                            out -> bundle.writeBundle(NullProgressMonitor.INSTANCE, out))
                    .orElseThrow(() -> FlynnException.conflict(
                            "another push to this app was finished on another host meanwhile; push again"));
            // what is not as it was stored is fetched by the next who comes
            if (moves.make()) {
                setVersion(repository, stored);
            }
        }
    }

    private static Map<String, ObjectId> after(Repository repository, Map<String, ObjectId> wanted) throws IOException {
        Map<String, ObjectId> refs = new TreeMap<>();
        for (Ref ref : repository.getRefDatabase().getRefsByPrefix(Constants.R_REFS)) {
            if (!ref.isSymbolic() && ref.getObjectId() != null) {
                refs.put(ref.getName(), ref.getObjectId());
            }
        }
        refs.putAll(wanted);
        refs.values().removeIf(ObjectId.zeroId()::equals);
        return refs;
    }

    /** Without looking for new deltas: what clients sent is packed well enough. */
    private static BundleWriter bundle(Repository repository, Map<String, ObjectId> refs) {
        var packing = new PackConfig(repository);
        packing.setDeltaCompress(false);
        packing.setThreads(1);
        var bundle = new BundleWriter(repository);
        bundle.setPackConfig(packing);
        refs.forEach(bundle::include);
        return bundle;
    }

    private static @Nullable String version(Repository repository) throws IOException {
        try {
            return Files.readString(versionFile(repository)).strip();
        } catch (NoSuchFileException none) {
            return null;
        }
    }

    /** When this is lost or torn, the bundle is fetched once more. */
    private static void setVersion(Repository repository, String version) throws IOException {
        Files.writeString(versionFile(repository), version);
    }

    private static Path versionFile(Repository repository) {
        return repository.getDirectory().toPath().resolve(VERSION_FILE);
    }
}
