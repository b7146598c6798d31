package dev.flynn.spi.store;

import dev.flynn.api.error.FlynnException;
import org.apiguardian.api.API;

/** Receives the changes of a watch, one call at a time and in order of revision. Must not block for long. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface StoreWatcher {

    /** Called once per committed transaction that touched the prefix. */
    void onChange(StoreChange change);

    /**
     * Called at most once, last: the watch cannot go on. With {@code COMPACTED} the changes are no longer kept: list
     * again and watch from there. With {@code SERVICE_UNAVAILABLE} the store was closed or lost.
     */
    default void onEnd(FlynnException reason) {}
}
