package dev.flynn.spi.container;

import dev.flynn.spi.component.ComponentFactory;
import org.apiguardian.api.API;

/** Creates a {@link ContainerBackend}; found by {@code ServiceLoader}. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface ContainerBackendFactory extends ComponentFactory<ContainerBackend> {}
