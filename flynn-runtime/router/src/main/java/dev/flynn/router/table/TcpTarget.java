package dev.flynn.router.table;

import dev.flynn.router.telemetry.Meter;

/**
 * What a TCP route leads to.
 *
 * @param id of the route
 * @param meter of what is carried
 */
public record TcpTarget(String id, Target.Service service, Meter meter) {}
