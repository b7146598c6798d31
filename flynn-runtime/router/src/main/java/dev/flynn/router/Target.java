package dev.flynn.router;

import dev.flynn.api.route.BackendProtocol;
import org.jspecify.annotations.Nullable;

/**
 * What a route leads to.
 *
 * @param gate what its policy asks before that, null if nothing
 */
record Target(
        Service service,
        BackendSet backends,
        boolean sticky,
        BackendProtocol protocol,
        boolean disableKeepAlives,
        @Nullable Gate gate) {

    /** Whose backends, and whether only the leading one. */
    record Service(String name, boolean leaderOnly) {}
}
