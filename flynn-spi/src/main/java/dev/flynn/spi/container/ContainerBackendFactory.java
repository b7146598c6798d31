package dev.flynn.spi.container;

import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.component.ComponentFactory;
import java.util.Map;
import org.apiguardian.api.API;

/** Creates a {@link ContainerBackend}; found by {@code ServiceLoader}. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface ContainerBackendFactory extends ComponentFactory<ContainerBackend> {

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
