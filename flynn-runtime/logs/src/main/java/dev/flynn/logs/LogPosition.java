package dev.flynn.logs;

/**
 * How far the lines of an app were taken from a host.
 *
 * @param segment names a file of the host for as long as it exists
 * @param offset in its bytes
 */
public record LogPosition(String segment, long offset) {}
