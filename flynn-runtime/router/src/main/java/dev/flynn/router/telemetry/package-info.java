/**
 * What is counted and logged of requests. {@link Traffic}, {@link TrafficCounts}, {@link Latencies} and
 * {@link AccessLogFormat} are API; the rest may change in any release.
 */
@NullMarked
package dev.flynn.router.telemetry;

import org.jspecify.annotations.NullMarked;
