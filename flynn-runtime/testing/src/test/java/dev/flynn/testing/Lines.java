package dev.flynn.testing;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.spi.log.LogSink;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps all lines. */
final class Lines implements LogSink {

    private final Map<AppId, List<String>> lines = new ConcurrentHashMap<>();

    @Override
    public void accept(AppId app, LogMessage message) {
        lines.computeIfAbsent(app, id -> new CopyOnWriteArrayList<>()).add(message.message());
    }

    List<String> of(AppId app) {
        return lines.getOrDefault(app, List.of());
    }

    @Override
    public long dropped() {
        return 0;
    }

    @Override
    public void close() {}
}
