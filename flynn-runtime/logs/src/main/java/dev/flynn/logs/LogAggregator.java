package dev.flynn.logs;

import dev.flynn.api.id.AppId;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The buffers of all apps, and how far each host's lines were seen. Thread-safe. */
final class LogAggregator {

    private final Map<AppId, AppBuffer> buffers = new ConcurrentHashMap<>();
    private final Map<String, Cursor> cursors = new ConcurrentHashMap<>();

    void add(SyslogLine line) {
        buffer(line.app()).add(line);
        cursors.merge(line.message().hostId(), Cursor.of(line), Cursor::orLater);
    }

    AppBuffer buffer(AppId app) {
        return buffers.computeIfAbsent(app, id -> new AppBuffer());
    }

    /** The latest cursor of each host. */
    Map<String, Cursor> cursors() {
        return Map.copyOf(cursors);
    }
}
