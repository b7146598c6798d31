package dev.flynn.embedded;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.log.AppLogs;
import dev.flynn.spi.log.LogSink;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The newest lines of each app, in memory: at most {@value #MAX_LINES} of one app and {@value #MAX_CHARACTERS} characters. A
 * follower is told each line by the thread of the job that wrote it.
 */
final class RecentLogs implements LogSink, AppLogs {

    static final int MAX_LINES = 10_000;
    static final int MAX_CHARACTERS = 1 << 20;

    private final Map<AppId, AppLines> apps = new HashMap<>();

    @Override
    public void accept(AppId app, LogMessage message) {
        lines(app).add(message);
    }

    @Override
    public List<LogMessage> read(AppId app, Query query) {
        return lines(app).newest(query);
    }

    @Override
    public Subscription follow(AppId app, Query query, Follower follower) {
        return lines(app).follow(query, follower);
    }

    private AppLines lines(AppId app) {
        synchronized (apps) {
            return apps.computeIfAbsent(app, id -> new AppLines());
        }
    }

    @Override
    public long dropped() {
        return 0;
    }

    @Override
    public void close() {}

    private static final class AppLines {

        private final Deque<LogMessage> lines = new ArrayDeque<>();
        private final Map<Follower, Query> followers = new HashMap<>();
        private int characters;

        synchronized void add(LogMessage line) {
            lines.add(line);
            characters += line.message().length();
            while (lines.size() > 1 && (lines.size() > MAX_LINES || characters > MAX_CHARACTERS)) {
                characters -= lines.remove().message().length();
            }
            followers.forEach((follower, query) -> {
                if (matches(query, line)) {
                    follower.onLine(line);
                }
            });
        }

        synchronized List<LogMessage> newest(Query query) {
            List<LogMessage> found = new ArrayList<>();
            for (LogMessage line : lines) {
                if (matches(query, line)) {
                    found.add(line);
                }
            }
            int wanted = query.lines().orElse(found.size());
            return List.copyOf(found.subList(Math.max(0, found.size() - wanted), found.size()));
        }

        synchronized Subscription follow(Query query, Follower follower) {
            newest(query).forEach(follower::onLine);
            followers.put(follower, query);
            return () -> {
                synchronized (this) {
                    followers.remove(follower);
                }
            };
        }

        private static boolean matches(Query query, LogMessage line) {
            return (query.streams().isEmpty() || query.streams().contains(line.stream()))
                    && query.jobId().map(line.jobId()::equals).orElse(true)
                    && query.processType()
                            .map(type -> type.isEmpty()
                                    ? line.processType().isEmpty()
                                    : line.processType().equals(Optional.of(type)))
                            .orElse(true);
        }
    }
}
