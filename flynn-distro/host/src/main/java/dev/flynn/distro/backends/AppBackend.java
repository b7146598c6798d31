package dev.flynn.distro.backends;

import dev.flynn.api.error.FlynnException;
import dev.flynn.host.api.HostImages;
import dev.flynn.images.ImageStore;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.ContainerBackend;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What runs the jobs of apps on this host.
 *
 * @param name as operators say it: {@code oci}, {@code docker}, {@code process}
 * @param gateway the address of this host in the network of its jobs, if they have addresses of their own
 * @param images where it keeps the images of its jobs, if that is its own affair
 * @param reason why it is this one
 */
public record AppBackend(
        String name, ContainerBackend backend, Optional<String> gateway, Optional<ImageStore> images, String reason) {

    static final String AUTO = "auto";

    /** What operators may say, beside the names of plugins. */
    private static final List<String> NAMES = List.of("process", "oci", "docker", AUTO);

    AppBackend(String name, ContainerBackend backend, Optional<String> gateway) {
        this(name, backend, gateway, Optional.empty(), "");
    }

    AppBackend withImages(ImageStore store) {
        return new AppBackend(name, backend, gateway, Optional.of(store), reason);
    }

    /** The images, as the host's API shows them. */
    public HostImages imagesForApi() {
        return images.<HostImages>map(ImagesForApi::new)
                .orElseGet(
                        () -> HostImages.none(
                                name.equals("docker")
                                        ? "the images of this host are kept by its Docker engine: use docker pull, docker images, docker rmi"
                                        : "this host runs jobs as plain processes, which have no images; start it with --backend oci"));
    }

    AppBackend because(String why) {
        return new AppBackend(name, backend, gateway, images, why);
    }

    /** How jobs run, and why so, for operators. */
    public String description() {
        boolean isolated = backend.capabilities().contains(Capability.ISOLATION);
        return "jobs of apps run %s (%s)"
                .formatted(
                        isolated
                                ? "in containers, backend " + name
                                : "as plain processes without isolation, backend " + name,
                        reason);
    }

    /** @throws FlynnException {@code VALIDATION} if there is no such backend, here or in a plugin */
    public static void requireKnown(String name) {
        if (NAMES.contains(name)) {
            return;
        }
        List<String> plugged = Plugins.ofInstallation().names();
        if (!plugged.contains(name)) {
            throw FlynnException.invalidField(
                    "--backend",
                    "has no value \"%s\"; there are %s"
                            .formatted(
                                    name,
                                    String.join(
                                            ", ",
                                            Stream.concat(NAMES.stream(), plugged.stream())
                                                    .toList())));
        }
    }
}
