package dev.flynn.host;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.VolumeBinding;
import dev.flynn.api.id.JobId;
import dev.flynn.api.release.Artifact;
import dev.flynn.spi.container.JobFiles;
import dev.flynn.volumes.Volumes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this host lays into its jobs: their app's slug as {@code /app}, of which each job has a private copy, and as {@code
 * /data} the volume of a job that has one. What a job has is written down, so that it outlives the agent as the job does.
 */
public final class HostFiles implements JobFiles {

    private static final Logger log = LoggerFactory.getLogger(HostFiles.class);

    private static final String APP = "/app";
    private static final String DATA = "/data";
    private static final int KEPT_LAYERS = 20;

    /** A file for each job, named by it, with the name of its layer. */
    private final Path held;

    private final SlugLayers layers;
    private final Volumes volumes;
    private final Set<JobId> unreleased = ConcurrentHashMap.newKeySet();

    /** @param directory of this alone */
    public HostFiles(Path directory, SlugCache slugs, Volumes volumes) throws IOException {
        this(directory, slugs, volumes, KEPT_LAYERS);
    }

    HostFiles(Path directory, SlugCache slugs, Volumes volumes, int keptLayers) throws IOException {
        this.volumes = volumes;
        this.held = Files.createDirectories(directory.resolve("held"));
        this.layers = new SlugLayers(directory.resolve("layers"), slugs, keptLayers);
        layers.deleteParts();
    }

    @Override
    public List<Mount> open(JobSpec spec) throws IOException {
        List<Mount> mounts = new ArrayList<>();
        if (spec.image().type().equals(Artifact.HOST)) {
            String slug = spec.env().getOrDefault(SlugCache.SLUG_URL, "");
            Path layer = slug.isEmpty() ? layers.empty() : hold(spec.id(), slug);
            mounts.add(new Mount(layer.toAbsolutePath().toString(), APP, Mount.Access.PRIVATE_COPY));
        }
        releaseAgain();
        if (spec.data()) {
            mounts.add(new Mount(volumes.claim(spec).toString(), DATA, Mount.Access.READ_WRITE));
        }
        for (VolumeBinding binding : spec.volumes()) {
            mounts.add(new Mount(
                    volumes.bind(spec.id(), binding).toString(),
                    binding.destination(),
                    binding.writeable() ? Mount.Access.READ_WRITE : Mount.Access.READ_ONLY));
        }
        return mounts;
    }

    /** Volumes that could not be given back, because the store did not answer. */
    private void releaseAgain() {
        for (JobId job : unreleased) {
            volumes.release(job);
            unreleased.remove(job);
        }
    }

    private Path hold(JobId job, String slug) throws IOException {
        while (true) {
            Path layer = layers.of(slug);
            synchronized (this) {
                if (Files.exists(layer)) { // not deleted since
                    Files.writeString(
                            held.resolve(job.value()), layer.getFileName().toString());
                    return layer;
                }
            }
        }
    }

    @Override
    public synchronized void close(JobId job) {
        try {
            if (Files.deleteIfExists(held.resolve(job.value()))) {
                layers.forgetOldest(heldLayers());
            }
        } catch (IOException | UncheckedIOException e) {
            log.atWarn().addKeyValue("job", job).setCause(e).log("cannot give back the slug of a job");
        }
        try {
            volumes.release(job);
        } catch (FlynnException e) {
            unreleased.add(job);
            log.atWarn()
                    .addKeyValue("job", job)
                    .setCause(e)
                    .log("cannot give back the volume of a job; it is tried again");
        }
    }

    /** After a restart: what is not of these jobs is given back. */
    public synchronized void retain(Collection<JobId> living) throws IOException {
        Set<String> names = new HashSet<>();
        living.forEach(job -> names.add(job.value()));
        try (var jobs = Files.newDirectoryStream(
                held, job -> !names.contains(job.getFileName().toString()))) {
            for (Path job : jobs) {
                Files.delete(job);
            }
        }
        layers.forgetOldest(heldLayers());
        volumes.retain(living);
    }

    /** The unpacked slugs, by name. */
    List<Path> slugLayers() throws IOException {
        return layers.all();
    }

    /** @return false if a job has it, or it is not there */
    synchronized boolean deleteSlugLayer(String name) throws IOException {
        return !heldLayers().contains(name) && layers.delete(name);
    }

    synchronized Set<String> heldLayers() throws IOException {
        Set<String> names = new HashSet<>();
        try (var jobs = Files.newDirectoryStream(held)) {
            for (Path job : jobs) {
                names.add(Files.readString(job));
            }
        }
        return names;
    }
}
