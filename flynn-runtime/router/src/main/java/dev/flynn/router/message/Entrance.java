package dev.flynn.router.message;

/**
 * Where a request came in.
 *
 * @param own whether the port is one of the router's own, where routes without a port serve too
 */
public record Entrance(int port, boolean own) {}
