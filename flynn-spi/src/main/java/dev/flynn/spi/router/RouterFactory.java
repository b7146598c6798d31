package dev.flynn.spi.router;

import dev.flynn.spi.component.ComponentFactory;
import org.apiguardian.api.API;

/** Creates a {@link Router}; found by {@code ServiceLoader}. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface RouterFactory extends ComponentFactory<Router> {}
