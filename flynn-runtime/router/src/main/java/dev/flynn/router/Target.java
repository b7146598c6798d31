package dev.flynn.router;

/** What a route leads to. */
record Target(Service service, BackendSet backends, boolean sticky) {

    /** Whose backends, and whether only the leading one. */
    record Service(String name, boolean leaderOnly) {}
}
