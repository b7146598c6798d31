package dev.flynn.logs;

import dev.flynn.api.id.AppId;

/**
 * Lines of an app in a row: RFC 5424 messages with octet counting and a newline after each.
 *
 * @param frames whole ones; belongs to whoever has the chunk
 * @param end where the host's lines go on behind it
 */
@SuppressWarnings("ArrayRecordComponent") // its bytes are compared by nobody
public record LogChunk(AppId app, byte[] frames, LogPosition end) {}
