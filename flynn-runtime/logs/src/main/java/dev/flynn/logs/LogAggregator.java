package dev.flynn.logs;

import dev.flynn.api.id.AppId;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The buffers of all apps. Thread-safe. */
final class LogAggregator {

    private final Map<AppId, AppBuffer> buffers = new ConcurrentHashMap<>();

    void add(SyslogLine line) {
        buffer(line.app()).add(line);
    }

    AppBuffer buffer(AppId app) {
        return buffers.computeIfAbsent(app, id -> new AppBuffer());
    }
}
