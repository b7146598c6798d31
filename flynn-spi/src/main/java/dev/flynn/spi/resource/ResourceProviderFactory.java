package dev.flynn.spi.resource;

import dev.flynn.spi.component.ComponentFactory;
import org.apiguardian.api.API;

/** Creates a {@link ResourceProvider}; found by {@code ServiceLoader}. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface ResourceProviderFactory extends ComponentFactory<ResourceProvider> {}
