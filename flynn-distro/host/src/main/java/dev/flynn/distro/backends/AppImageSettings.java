package dev.flynn.distro.backends;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.release.Artifact;
import dev.flynn.images.ArchiveOpener;
import dev.flynn.images.ImageSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What an operator says of images.
 *
 * @param stack the URI of the image that apps are built and run on; this host's own programs if empty
 * @param insecureRegistries that are spoken to without TLS
 * @param mirrors by registry, what is asked before it
 * @param credentials for registries, in the form of Docker's {@code config.json}
 */
public record AppImageSettings(
        Optional<String> stack,
        Set<String> insecureRegistries,
        Map<String, List<String>> mirrors,
        Optional<Path> credentials) {

    /** The host's own programs, and registries with TLS that ask for nothing. */
    public static final AppImageSettings DEFAULT =
            new AppImageSettings(Optional.empty(), Set.of(), Map.of(), Optional.empty());

    public AppImageSettings {
        insecureRegistries = Set.copyOf(insecureRegistries);
        mirrors = Map.copyOf(mirrors);
    }

    Optional<JobSpec.Image> stackImage() {
        return stack.map(uri -> new JobSpec.Image(Artifact.DOCKER, uri));
    }

    ImageSettings store(ArchiveOpener archives) {
        return ImageSettings.DEFAULT.toBuilder()
                .insecureRegistries(insecureRegistries)
                .mirrors(mirrors)
                .credentials(credentials)
                .archives(archives)
                .build();
    }

    /** The options about registries that were given, and that a backend which fetches no images itself does not heed. */
    List<String> registryOptions() {
        List<String> given = new ArrayList<>();
        if (!insecureRegistries.isEmpty()) {
            given.add("--insecure-registry");
        }
        if (!mirrors.isEmpty()) {
            given.add("--registry-mirror");
        }
        if (credentials.isPresent()) {
            given.add("--registry-credentials");
        }
        return given;
    }

    /** @throws FlynnException {@code VALIDATION} */
    void requireNoStack() {
        stack.ifPresent(uri -> {
            throw FlynnException.invalidField(
                    "--stack",
                    "was %s: plain processes run on the host's own programs; choose --backend oci or docker"
                            .formatted(uri));
        });
    }
}
