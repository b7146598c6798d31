package dev.flynn.spi.store;

import dev.flynn.spi.component.ComponentFactory;
import org.apiguardian.api.API;

/** Creates a {@link ClusterStore}; found by {@code ServiceLoader}. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface ClusterStoreFactory extends ComponentFactory<ClusterStore> {}
