package dev.flynn.controller.http;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.log.AppLogs;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Logs in memory. */
final class FakeLogs implements AppLogs {

    private final Map<AppId, List<LogMessage>> lines = new ConcurrentHashMap<>();
    private final List<Consumer<LogMessage>> followers = new CopyOnWriteArrayList<>();

    void write(AppId app, String jobId, String type, String text) {
        var line = new LogMessage(
                "host1",
                jobId,
                text,
                Optional.of(type).filter(name -> !name.isEmpty()),
                "stdout",
                Instant.parse("2015-12-20T10:00:01.000000002Z"));
        lines.computeIfAbsent(app, id -> new CopyOnWriteArrayList<>()).add(line);
        followers.forEach(follower -> follower.accept(line));
    }

    @Override
    public List<LogMessage> read(AppId app, Query query) {
        List<LogMessage> found = new ArrayList<>(lines.getOrDefault(app, List.of()));
        found.removeIf(line -> !matches(line, query));
        int wanted = query.lines().orElse(found.size());
        return List.copyOf(found.subList(Math.max(0, found.size() - wanted), found.size()));
    }

    private static boolean matches(LogMessage line, Query query) {
        return (query.streams().isEmpty() || query.streams().contains(line.stream()))
                && query.jobId().map(line.jobId()::equals).orElse(true)
                && query.processType()
                        .map(line.processType().orElse("")::equals)
                        .orElse(true);
    }

    @Override
    public Subscription follow(AppId app, Query query, Follower follower) {
        Consumer<LogMessage> matching = line -> {
            if (matches(line, query)) {
                follower.onLine(line);
            }
        };
        read(app, query).forEach(follower::onLine);
        followers.add(matching);
        return () -> followers.remove(matching);
    }

    boolean isFollowed() {
        return !followers.isEmpty();
    }
}
