package dev.flynn.router;

/**
 * Where a request came in.
 *
 * @param own whether the port is one of the router's own, where routes without a port serve too
 */
record Entrance(int port, boolean own) {}
