package dev.flynn.store;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.ClusterStoreFactory;
import java.util.Map;

/** Creates the store named {@code memory}; it has no settings. */
public final class MemoryClusterStoreFactory implements ClusterStoreFactory {

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public ClusterStore create(Map<String, String> settings, ComponentContext context) {
        if (!settings.isEmpty()) {
            throw FlynnException.invalid("the cluster store \"memory\" has no settings, found " + settings.keySet());
        }
        return new MemoryClusterStore(context.clock());
    }
}
