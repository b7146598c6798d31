package dev.flynn.images;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.base.DiskReserve;
import dev.flynn.base.NamedThreads;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Collectors;
import org.apiguardian.api.API;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The images of one host. An image is fetched when a job asks for it, verified, and each of its layers unpacked once, however
 * many images and jobs have it. What no job holds is collected in time.
 *
 * <p>Ended at any moment, by whatever, and opened again, a store has whole layers and images, and no halves of them.
 * Thread-safe.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class ImageStore implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ImageStore.class);

    /** Layers and blobs of pulls that failed are kept this long for the next attempt. */
    private static final Duration ORPHANS = Duration.ofHours(1);

    /** As many as Docker lets an image have. */
    private static final int MAX_LAYERS = 127;

    private static final Duration COLLECTION = Duration.ofMinutes(10);

    private final ImageSettings settings;
    private final Path temporary;
    private final Path empty;
    private final FileChannel lockFile;
    private final DiskReserve reserve;
    private final Platform platform;
    private final Blobs blobs;
    private final Layers layers;
    private final Catalog catalog;
    private final Sources sources;
    private final SingleFlight<String, Catalog.Image> pulls = new SingleFlight<>();
    private final ConcurrentMap<Digest, ImageMetadata.Config> configs = new ConcurrentHashMap<>();

    private final ScheduledExecutorService collector =
            Executors.newSingleThreadScheduledExecutor(new NamedThreads("images-collector"));

    /** Read by those who fetch and open, written by who collects: nothing is collected that is about to be held. */
    private final ReadWriteLock gate = new ReentrantReadWriteLock();

    private ImageStore(Path directory, FileChannel lockFile, ImageSettings settings, Platform platform)
            throws IOException {
        this.settings = settings;
        this.lockFile = lockFile;
        this.platform = platform;
        this.temporary = directory.resolve("tmp");
        this.empty = directory.resolve("empty");
        // what was under way when the last process ended
        StoreFiles.delete(temporary);
        Files.createDirectories(temporary);
        Files.createDirectories(empty);
        this.reserve = new DiskReserve(directory, settings.reserveBytes());
        var limits = new LayerLimits(settings.maxLayerBytes(), settings.maxLayerEntries(), reserve);
        this.blobs = new Blobs(directory.resolve("blobs"), temporary);
        this.layers = new Layers(directory.resolve("layers"), temporary, limits);
        this.catalog = new Catalog(directory.resolve("images"), directory.resolve("holders"), temporary);
        this.sources = new Sources(settings, platform, limits, temporary, blobs);
        for (Catalog.Image image : catalog.all()) {
            loadConfig(image);
        }
        collector.scheduleWithFixedDelay(
                this::collectQuietly, COLLECTION.toMillis(), COLLECTION.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void collectQuietly() {
        try {
            collect();
        } catch (IOException | RuntimeException e) {
            log.atWarn().setCause(e).log("cannot delete images that nobody needs; it is tried again");
        }
    }

    private void loadConfig(Catalog.Image image) throws IOException {
        try {
            configs.put(
                    image.id(),
                    ImageMetadata.config(blobs.read(image.id()), image.id().toString()));
        } catch (IOException e) {
            log.atWarn().addKeyValue("image", image.id()).setCause(e).log("an image that is not whole is forgotten");
            catalog.remove(image.id());
            blobs.delete(image.id());
        }
    }

    /** @see #open(Path, ImageSettings) */
    public static ImageStore open(Path directory) throws IOException {
        return open(directory, ImageSettings.DEFAULT);
    }

    /**
     * Opens the store in a directory, which is made if it is not there and belongs to this store alone.
     *
     * @throws IOException also if another process has it open
     */
    public static ImageStore open(Path directory, ImageSettings settings) throws IOException {
        return open(directory, settings, Platform.current());
    }

    static ImageStore open(Path directory, ImageSettings settings, Platform platform) throws IOException {
        Path home = directory.toAbsolutePath();
        Files.createDirectories(home);
        // what images consist of may be made to harm: a set-user-id program is one for root alone
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx------"));
        FileChannel lockFile =
                FileChannel.open(home.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            lock(lockFile, home);
            return new ImageStore(home, lockFile, settings, platform);
        } catch (IOException | RuntimeException e) {
            lockFile.close();
            throw e;
        }
    }

    private static void lock(FileChannel file, Path directory) throws IOException {
        FileLock lock;
        try {
            lock = file.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            throw new IOException("the image store %s is open already; each host needs its own".formatted(directory));
        }
    }

    /**
     * Makes an image ready and keeps it so until {@link #release}: fetches what is not here, which may take minutes. Asked
     * again for the same job, the answer is the same, also when the tag means another image by then. May be interrupted.
     *
     * @throws IOException if it is not there, not for this machine, damaged, or more than the limits allow; the message is for
     *     people
     * @throws FlynnException {@code VALIDATION} as from {@link ImageUris#check}
     */
    public UnpackedImage open(JobSpec.Image image, JobId holder) throws IOException {
        ImageReference reference = ImageReference.parse(image);
        return makingRoom(() -> {
            Catalog.Image found = held(holder, reference).orElse(null);
            if (found == null) {
                found = find(reference, PullListener.NONE);
            }
            catalog.hold(holder, new Catalog.Holding(reference.text(), found.id()));
            catalog.touch(found.id(), Instant.now());
            return unpacked(found);
        });
    }

    /** Nothing is collected meanwhile; if the disk has no room, what nobody needs goes, and the work is done once more. */
    private <T> T makingRoom(SingleFlight.Work<T> work) throws IOException {
        try {
            return gated(work);
        } catch (IOException e) {
            if (!DiskFullException.isReasonOf(e) || collect() == 0) {
                throw e;
            }
        }
        return gated(work);
    }

    private <T> T gated(SingleFlight.Work<T> work) throws IOException {
        gate.readLock().lock();
        try {
            return work.run();
        } finally {
            gate.readLock().unlock();
        }
    }

    private Optional<Catalog.Image> held(JobId holder, ImageReference reference) {
        return catalog.heldBy(holder)
                .filter(holding -> holding.uri().equals(reference.text()))
                .flatMap(holding -> catalog.get(holding.image()))
                .filter(this::isComplete);
    }

    /** The job needs its image no more; one that holds none is fine. */
    public void release(JobId holder) {
        try {
            catalog.release(holder);
        } catch (IOException e) {
            log.atWarn().addKeyValue("job", holder).setCause(e).log("cannot note that a job holds no image any more");
        }
    }

    /** Releases what all other jobs hold: what a backend says that knows, after a start, which jobs there still are. */
    public void retain(Set<JobId> living) {
        catalog.jobs().stream().filter(job -> !living.contains(job)).forEach(this::release);
    }

    /**
     * Fetches an image that a job may need later.
     *
     * @return its id, the digest of its configuration
     * @throws IOException as {@link #open}
     */
    public String pull(JobSpec.Image image, PullListener listener) throws IOException {
        ImageReference reference = ImageReference.parse(image);
        return makingRoom(() -> find(reference, listener).id().toString());
    }

    private Catalog.Image find(ImageReference reference, PullListener listener) throws IOException {
        return pulls.run(reference.text(), () -> {
            String fingerprint = sources.fingerprint(reference);
            Optional<Catalog.Image> known = catalog.named(reference.text())
                    .filter(this::isComplete)
                    .filter(image -> !image.names().isEmpty());
            if (known.isPresent() && isCurrent(known.get(), reference, fingerprint)) {
                return known.get();
            }
            try {
                // a job that can do with what is here does not wait for a registry that fails
                return fetch(reference, fingerprint, known.isEmpty(), listener);
            } catch (RegistryUnavailableException e) {
                if (known.isPresent()) {
                    log.atWarn()
                            .addKeyValue("image", reference.text())
                            .addKeyValue("reason", e.getMessage())
                            .log("the registry does not answer; the image that is here is used");
                    // who comes next need not wait for the registry too
                    var name = new Catalog.Name(reference.text(), fingerprint, Instant.now());
                    return catalog.put(known.get().id(), known.get().diffIds(), name);
                }
                throw e;
            }
        });
    }

    private boolean isComplete(Catalog.Image image) {
        return blobs.has(image.id()) && layers.hasAll(image.diffIds());
    }

    private boolean isCurrent(Catalog.Image image, ImageReference reference, String fingerprint) {
        Catalog.Name name = image.names().get(reference.text());
        if (name == null || !name.fingerprint().equals(fingerprint)) {
            return false;
        }
        return !fingerprint.isEmpty()
                || Duration.between(name.checked(), Instant.now()).compareTo(settings.tagFreshness()) < 0;
    }

    private Catalog.Image fetch(ImageReference reference, String fingerprint, boolean patient, PullListener listener)
            throws IOException {
        try (ImageSource source = sources.open(reference, patient)) {
            ImageSource.Content content = source.read();
            Digest id = Digest.of(content.config());
            ImageMetadata.Config config = ImageMetadata.config(content.config(), reference.text());
            if (!config.platform().isUnknown() && !config.platform().equals(platform)) {
                throw new IOException(
                        "%s is for %s; this host is %s".formatted(reference.text(), config.platform(), platform));
            }
            if (config.diffIds().size() != content.layers().size()) {
                throw new IOException("%s is damaged: it has %d layers, and its configuration %d"
                        .formatted(
                                reference.text(),
                                content.layers().size(),
                                config.diffIds().size()));
            }
            if (config.diffIds().size() > MAX_LAYERS) {
                throw new IOException("%s has %d layers; there may be %d"
                        .formatted(reference.text(), config.diffIds().size(), MAX_LAYERS));
            }
            for (int i = 0; i < config.diffIds().size(); i++) {
                fetch(
                        reference.text(),
                        config.diffIds().get(i),
                        content.layers().get(i),
                        listener);
            }
            blobs.write(id, content.config());
            configs.put(id, config);
            var name = new Catalog.Name(reference.text(), fingerprint, Instant.now());
            return catalog.put(id, config.diffIds(), name);
        }
    }

    private void fetch(String image, Digest diffId, LayerBlob blob, PullListener listener) throws IOException {
        long total = blob.size();
        String layer = blob.digest().orElse(diffId).toString();
        boolean known = layers.find(diffId).isPresent();
        layers.get(diffId, blob, done -> {
            if (done < total) {
                settings.listener().progress(image, layer, done, total);
                listener.progress(image, layer, done, total);
            }
        });
        settings.listener().progress(image, layer, total, total);
        listener.progress(image, layer, total, total);
        settings.listener().ready(image, layer, !known);
        listener.ready(image, layer, !known);
    }

    private UnpackedImage unpacked(Catalog.Image image) throws IOException {
        // overlayfs wants no layer twice; the topmost one hides what the others would show
        var topmostFirst = new ArrayList<>(image.diffIds());
        Collections.reverse(topmostFirst);
        var paths = new ArrayList<Path>();
        for (Digest diffId : new LinkedHashSet<>(topmostFirst)) {
            paths.add(layers.find(diffId)
                    .orElseThrow(() -> new IOException("the layer %s was deleted".formatted(diffId)))
                    .files());
        }
        return new UnpackedImage(
                paths.isEmpty() ? List.of(empty) : paths, config(image).image());
    }

    private ImageMetadata.Config config(Catalog.Image image) throws IOException {
        ImageMetadata.Config config = configs.get(image.id());
        if (config == null) {
            throw new IOException("the image %s was deleted".formatted(image.id()));
        }
        return config;
    }

    /**
     * Deletes what no job holds, as the settings say: images that were not used for the retention time, the least recently used
     * ones while all take more than they may, and all while the disk's reserve is touched; then layers and blobs that no image
     * has. The store does this by itself every ten minutes, and when an image finds no room.
     *
     * @return the bytes that were freed
     */
    public long collect() throws IOException {
        boolean pressed = !reserve.isUntouched();
        return collect(pressed ? CollectPolicy.ALL : new CollectPolicy(settings.retention(), settings.maxBytes(), 0));
    }

    /**
     * Deletes what no job holds and the policy lets go; then layers and blobs that no image has. While an image is being fetched
     * or opened nothing is done.
     *
     * @return the bytes that were freed
     */
    public long collect(CollectPolicy policy) throws IOException {
        if (!gate.writeLock().tryLock()) {
            return 0;
        }
        long freed = 0;
        var trash = new ArrayList<Path>();
        try {
            var forgotten = new HashSet<Digest>();
            for (Digest id : policy.choose(candidates(), this::bytes, Instant.now())) {
                freed += forget(id, forgotten);
            }
            freed += removeOrphans(forgotten, policy.neededBytes() > freed, trash);
        } finally {
            gate.writeLock().unlock();
        }
        return freed(freed, trash);
    }

    /** Nobody waits for this. */
    private static long freed(long bytes, List<Path> trash) throws IOException {
        for (Path directory : trash) {
            StoreFiles.delete(directory);
        }
        if (bytes > 0) {
            log.atInfo().addKeyValue("megabytes", bytes >> 20).log("images and layers that nobody needs are deleted");
        }
        return bytes;
    }

    private List<CollectPolicy.Candidate> candidates() {
        return catalog.all().stream()
                .map(image -> new CollectPolicy.Candidate(
                        image.id(),
                        Set.copyOf(image.diffIds()),
                        image.lastUsed(),
                        !catalog.holdersOf(image.id()).isEmpty()))
                .toList();
    }

    /** @return the bytes of its configuration; its layers are added to those that may be of no use now */
    private long forget(Digest id, Set<Digest> forgotten) throws IOException {
        catalog.get(id).ifPresent(image -> forgotten.addAll(image.diffIds()));
        catalog.remove(id);
        configs.remove(id);
        long freed = blobs.has(id) ? blobs.size(id) : 0;
        blobs.delete(id);
        return freed;
    }

    /**
     * Deletes an image, or one of its names if it has others.
     *
     * @param name one of its URIs, its id, or the beginning of its id: at least 12 digits
     * @return the bytes that were freed; layers that other images have stay
     * @throws FlynnException {@code OBJECT_NOT_FOUND} if there is none; {@code CONFLICT} if jobs need it, naming them, or if an image
     *     is being fetched
     */
    public long remove(String name) throws IOException {
        var trash = new ArrayList<Path>();
        long freed = 0;
        if (!gate.writeLock().tryLock()) {
            throw FlynnException.conflict("an image is being fetched, which may need what is deleted; try again");
        }
        try {
            Catalog.Image image = imageOf(name);
            if (image.names().size() > 1 && image.names().containsKey(name)) {
                catalog.forget(image.id(), name);
                return 0;
            }
            Set<JobId> holders = catalog.holdersOf(image.id());
            if (!holders.isEmpty()) {
                throw FlynnException.conflict("jobs need the image %s: %s"
                        .formatted(
                                name,
                                holders.stream().map(JobId::value).sorted().collect(Collectors.joining(", "))));
            }
            var forgotten = new HashSet<Digest>();
            freed = forget(image.id(), forgotten);
            freed += removeOrphans(forgotten, false, trash);
        } finally {
            gate.writeLock().unlock();
        }
        return freed(freed, trash);
    }

    private Catalog.Image imageOf(String name) {
        String hex = name.replaceFirst("^sha256:", "");
        boolean id = hex.matches("[0-9a-f]{12,64}");
        List<Catalog.Image> found = catalog.all().stream()
                .filter(image -> image.names().containsKey(name)
                        || id && image.id().hex().startsWith(hex))
                .toList();
        if (found.size() != 1) {
            throw new FlynnException(
                    ErrorCode.OBJECT_NOT_FOUND,
                    found.isEmpty()
                            ? "there is no image %s on this host".formatted(name)
                            : "%d images begin with %s; give more of the id".formatted(found.size(), name));
        }
        return found.get(0);
    }

    private long bytes(Digest diffId) {
        return layers.find(diffId).map(Layers.Layer::bytes).orElse(0L);
    }

    private long bytes(Set<Digest> diffIds) {
        return diffIds.stream().mapToLong(this::bytes).sum();
    }

    /**
     * @param forgotten layers that some image had until now; others without an image are of pulls that failed
     * @param pressed whether those, too, go at once
     */
    private long removeOrphans(Set<Digest> forgotten, boolean pressed, List<Path> trash) throws IOException {
        var used = new HashSet<Digest>();
        for (Catalog.Image image : catalog.all()) {
            used.add(image.id());
            used.addAll(image.diffIds());
        }
        Instant young = Instant.now().minus(ORPHANS);
        long freed = 0;
        for (Layers.Layer layer : layers.all()) {
            boolean old = forgotten.contains(layer.diffId()) || layer.made().isBefore(young);
            if (!used.contains(layer.diffId()) && (pressed || old)) {
                trash.add(layers.remove(layer));
                freed += layer.bytes();
            }
        }
        for (Digest blob : blobs.all()) {
            Instant made = Files.getLastModifiedTime(blobs.path(blob)).toInstant();
            if (!used.contains(blob) && (pressed || made.isBefore(young))) {
                freed += blobs.size(blob);
                blobs.delete(blob);
            }
        }
        return freed;
    }

    /** What is on the disk, and why. */
    public DiskUsage usage() throws IOException {
        long blobBytes = 0;
        for (Digest blob : blobs.all()) {
            blobBytes += blobs.size(blob);
        }
        var images = new ArrayList<DiskUsage.ImageUsage>();
        for (Catalog.Image image : catalog.all()) {
            images.add(new DiskUsage.ImageUsage(
                    image.id().toString(),
                    Catalog.names(image),
                    bytes(new HashSet<>(image.diffIds())),
                    image.lastUsed(),
                    catalog.holdersOf(image.id())));
        }
        images.sort(Comparator.comparing(DiskUsage.ImageUsage::lastUsed).reversed());
        long layerBytes = layers.all().stream().mapToLong(Layers.Layer::bytes).sum();
        return new DiskUsage(blobBytes, layerBytes, images);
    }

    /** Jobs keep what they have; who holds what is still known when the store is opened again. */
    @Override
    public void close() throws IOException {
        collector.shutdownNow();
        sources.close();
        layers.close();
        lockFile.close();
    }
}
