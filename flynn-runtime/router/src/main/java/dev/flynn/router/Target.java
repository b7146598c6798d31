package dev.flynn.router;

import dev.flynn.api.route.BackendProtocol;

/** What a route leads to. */
record Target(Service service, BackendSet backends, boolean sticky, BackendProtocol protocol) {

    /** Whose backends, and whether only the leading one. */
    record Service(String name, boolean leaderOnly) {}
}
