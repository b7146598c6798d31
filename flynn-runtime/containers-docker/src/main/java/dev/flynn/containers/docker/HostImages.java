package dev.flynn.containers.docker;

import com.github.dockerjava.api.exception.NotFoundException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.Mount;
import dev.flynn.api.release.Artifact;
import dev.flynn.spi.container.JobFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Images of type {@code host}: {@code host:<name>} is the folder {@code <images>/<name>} with its executable {@code init},
 * run on the host's own programs, or on the image that the setting {@code stack} names. Thread-safe.
 */
final class HostImages {

    static final String SCHEME = "host:";

    private static final String NAME = "flynn-host-root";

    private final Engine engine;
    private final Images images;
    private final DockerSettings settings;
    private final Path dataDirectory;
    private final HostRoot root;
    private @Nullable String known;

    HostImages(Engine engine, Images images, DockerSettings settings, Path dataDirectory) {
        this.engine = engine;
        this.images = images;
        this.settings = settings;
        this.dataDirectory = dataDirectory;
        this.root = new HostRoot(Path.of("/"), settings.user());
    }

    /**
     * What a job of such an image is for the engine.
     *
     * @param image as the engine knows it
     * @param spec with the entrypoint and the environment that the image has
     */
    record Prepared(String image, JobSpec spec, List<Mount> mounts) {}

    Prepared prepare(JobSpec spec, Consumer<String> progress) throws IOException, InterruptedException {
        Path folder = settings.images().toAbsolutePath().normalize();
        Path image =
                folder.resolve(spec.image().uri().substring(SCHEME.length())).normalize();
        Path init = image.resolve("init");
        if (!image.startsWith(folder) || image.equals(folder) || !Files.isExecutable(init)) {
            throw new IOException("there is no image %s: %s is no program"
                    .formatted(spec.image().uri(), init));
        }
        List<Mount> mounts = new ArrayList<>();
        mounts.add(new Mount(image.toRealPath().toString(), HostRoot.IMAGE, Mount.Access.READ_ONLY));
        String base;
        if (settings.stack().isPresent()) {
            base = images.resolve(new JobSpec.Image("docker", settings.stack().get()), progress);
        } else {
            base = rootImage();
            for (Path bound : root.bound()) {
                mounts.add(new Mount(bound.toString(), bound.toString(), Mount.Access.READ_ONLY));
            }
        }
        return new Prepared(base, completed(spec), mounts);
    }

    /**
     * A home for a job whose image has none that belongs to its user, and where nothing is mounted.
     *
     * @param directory where it is made
     */
    Optional<Mount> home(JobSpec spec, List<Mount> mounts, Path directory) throws IOException {
        if (!spec.image().type().equals(Artifact.HOST)
                || settings.stack().isEmpty()
                || mounts.stream().anyMatch(mount -> mount.destination().equals(HostRoot.HOME))) {
            return Optional.empty();
        }
        Path home = Files.createDirectories(directory.resolve("home"));
        Files.setAttribute(home, "unix:uid", settings.user());
        Files.setAttribute(home, "unix:gid", JobFiles.GROUP);
        return Optional.of(new Mount(home.toString(), HostRoot.HOME, Mount.Access.READ_WRITE));
    }

    private static JobSpec completed(JobSpec spec) {
        Map<String, String> environment = new HashMap<>(spec.env());
        environment.put("HOME", HostRoot.HOME);
        JobSpec.Builder builder = spec.toBuilder().env(environment);
        if (spec.entrypoint().isEmpty()) {
            builder.entrypoint(List.of(HostRoot.IMAGE + "/init"));
        }
        if (spec.workingDirectory().isEmpty()) {
            builder.workingDirectory(Optional.of(HostRoot.HOME));
        }
        return builder.build();
    }

    /** The image of the host's root; made once for each state of the host's settings. */
    private synchronized String rootImage() throws IOException {
        if (known != null && isThere(known)) {
            return known;
        }
        refuseToShowOurData();
        Path layer = dataDirectory.resolve("host-root.layer");
        Path archive = dataDirectory.resolve("host-root.image");
        try {
            root.writeLayer(layer);
            String name = NAME + ":" + ImageArchive.sha256(layer).substring(0, 12);
            if (!isThere(name)) {
                ImageArchive.write(archive, name, layer);
                try (InputStream bytes = Files.newInputStream(archive)) {
                    engine.tell(client -> client.loadImageCmd(bytes).exec());
                }
            }
            known = name;
            return name;
        } finally {
            Files.deleteIfExists(layer);
            Files.deleteIfExists(archive);
        }
    }

    /** The directories of programs are bound whole. */
    private void refuseToShowOurData() throws IOException {
        for (Path bound : root.bound()) {
            if (dataDirectory.startsWith(bound)) {
                throw new IOException("jobs on the host's programs would see the platform's data, which is below "
                        + bound + "; move it, or give a stack image");
            }
        }
    }

    private boolean isThere(String name) {
        try {
            engine.tell(client -> client.inspectImageCmd(name).exec());
            return true;
        } catch (NotFoundException absent) {
            return false;
        }
    }
}
