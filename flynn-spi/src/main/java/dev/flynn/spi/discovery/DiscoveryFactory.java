package dev.flynn.spi.discovery;

import dev.flynn.spi.component.ComponentFactory;
import org.apiguardian.api.API;

/** Creates a {@link Discovery}; found by {@code ServiceLoader}. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface DiscoveryFactory extends ComponentFactory<Discovery> {}
