package dev.flynn.spi.discovery;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.error.FlynnException;
import org.apiguardian.api.API;

/** Receives the events of a service, one call at a time and in order. Must not block for long. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface DiscoveryWatcher {

    void onEvent(DiscoveryEvent event);

    /** Called at most once, last: the watch cannot go on; watch again. */
    default void onEnd(FlynnException reason) {}
}
