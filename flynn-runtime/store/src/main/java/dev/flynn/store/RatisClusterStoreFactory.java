package dev.flynn.store;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.ClusterStoreFactory;
import java.util.Map;

/** Creates the store named {@code ratis} in the component's data directory. */
public final class RatisClusterStoreFactory implements ClusterStoreFactory {

    private static final String SNAPSHOT_EVERY = "snapshot-every";
    private static final String DISK_RESERVE_BYTES = "disk-reserve-bytes";

    @Override
    public String name() {
        return "ratis";
    }

    @Override
    public ClusterStore create(Map<String, String> settings, ComponentContext context) {
        RatisClusterStore.Builder builder = RatisClusterStore.builder(context.dataDirectory());
        settings.forEach((key, value) -> {
            switch (key) {
                case SNAPSHOT_EVERY -> builder.snapshotEvery(number(key, value));
                case DISK_RESERVE_BYTES -> builder.diskReserveBytes(number(key, value));
                default ->
                    throw FlynnException.invalid("the cluster store \"ratis\" has no setting \"%s\"; it has %s and %s"
                            .formatted(key, SNAPSHOT_EVERY, DISK_RESERVE_BYTES));
            }
        });
        return builder.build();
    }

    private static long number(String key, String value) {
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw FlynnException.invalid("%s must be a whole number, was \"%s\"".formatted(key, value));
        }
    }
}
