/**
 * A router on Netty: {@link dev.flynn.router.NettyRouter} is the door; it needs nothing else of the platform.
 *
 * <p>Here are the connections: clients, backends, and the exchange between two of them, each on one event loop. They
 * stand on packages that do not know them, each on those before it: {@code message} (HTTP as bytes), {@code tls},
 * {@code policy} (what a route asks of a request), {@code telemetry} (counts and logs) and {@code table} (where a
 * request goes). API are this package and what it hands out: {@code Traffic}, {@code TrafficCounts}, {@code Latencies}
 * and {@code AccessLogFormat} of {@code telemetry}.
 */
@NullMarked
package dev.flynn.router;

import org.jspecify.annotations.NullMarked;
