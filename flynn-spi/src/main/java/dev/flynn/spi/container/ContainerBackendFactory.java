package dev.flynn.spi.container;

import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.component.ComponentFactory;
import java.util.Map;
import org.apiguardian.api.API;

/**
 * Creates a {@link ContainerBackend}; found by {@code ServiceLoader}.
 *
 * <p>Settings that a host gives to every backend, which therefore no backend refuses: {@link #IMAGES} and {@link #ADDRESS}.
 * Those of its own it names in its Javadoc.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface ContainerBackendFactory extends ComponentFactory<ContainerBackend> {

    /**
     * The setting that names the folder of images of type {@code host}: an image {@code host:NAME} is the folder {@code NAME} in
     * it, whose program {@code init} is the image's entrypoint. Jobs must be able to read that folder; such a job begins in a
     * directory of its own, its {@code HOME}, which is {@code /app} if it has a root file system of its own.
     */
    String IMAGES = "images";

    /**
     * The setting with the IP address of this host at which jobs without an address of their own are reached: what {@link
     * dev.flynn.api.host.JobStatus#address} says while they run.
     */
    String ADDRESS = "address";

    /**
     * Creates a backend that asks {@code files} what to lay into each job (CB-16).
     *
     * @param settings key to value, as the configuration has them; an unknown key is refused
     * @throws dev.flynn.api.error.FlynnException {@code VALIDATION} naming the setting that is wrong; {@code
     *     SERVICE_UNAVAILABLE} if this machine lacks something that the backend needs, naming it
     */
    ContainerBackend create(Map<String, String> settings, ComponentContext context, JobFiles files);

    /** Creates a backend whose jobs see what their spec says and nothing else. */
    @Override
    default ContainerBackend create(Map<String, String> settings, ComponentContext context) {
        return create(settings, context, JobFiles.NONE);
    }
}
