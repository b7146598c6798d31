package dev.flynn.logs;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.log.AppLogs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** The logs of apps as the log aggregator keeps them; a thread for each follower. */
public final class AggregatedLogs implements AppLogs {

    private final LogReader reader;
    private final NamedThreads threads = new NamedThreads("app-log");

    public AggregatedLogs(LogReader reader) {
        this.reader = reader;
    }

    @Override
    public List<LogMessage> read(AppId app, Query query) {
        List<LogMessage> found = new ArrayList<>();
        try (LogReader.Lines lines = reader.open(app, toLogQuery(query, false))) {
            for (Optional<LogMessage> line = lines.next(); line.isPresent(); line = lines.next()) {
                found.add(line.get());
            }
        } catch (IOException e) {
            throw FlynnException.unavailable("the log aggregator broke off: " + e.getMessage(), e);
        }
        return found;
    }

    @Override
    public Subscription follow(AppId app, Query query, Follower follower) {
        LogReader.Lines lines = reader.open(app, toLogQuery(query, true));
        threads.newThread(() -> pass(lines, follower)).start();
        return lines::close;
    }

    private static void pass(LogReader.Lines lines, Follower follower) {
        try {
            for (Optional<LogMessage> line = lines.next(); line.isPresent(); line = lines.next()) {
                follower.onLine(line.get());
            }
            follower.onEnd("the log aggregator ended the stream");
        } catch (IOException | FlynnException e) {
            follower.onEnd("the log aggregator broke off: " + e.getMessage());
        }
    }

    private static LogQuery toLogQuery(Query query, boolean follow) {
        // the aggregator takes 0 lines for all of them when they are not followed
        OptionalInt lines = follow ? OptionalInt.of(query.lines().orElse(LogQuery.MAX_LINES)) : query.lines();
        return new LogQuery(follow, lines, query.jobId(), query.processType(), query.streams());
    }
}
