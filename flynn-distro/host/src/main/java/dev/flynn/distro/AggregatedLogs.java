package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.base.NamedThreads;
import dev.flynn.controller.AppLogs;
import dev.flynn.logs.LogQuery;
import dev.flynn.logs.LogReader;
import dev.flynn.spi.component.Subscription;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The controller's logs, read from the log aggregator. */
final class AggregatedLogs implements AppLogs {

    private static final Logger log = LoggerFactory.getLogger(AggregatedLogs.class);

    private final LogReader reader;

    AggregatedLogs(LogReader reader) {
        this.reader = reader;
    }

    @Override
    public List<LogMessage> read(AppId app, Query query) {
        List<LogMessage> found = new ArrayList<>();
        try (LogReader.Lines lines = reader.open(app, of(query, false))) {
            for (Optional<LogMessage> line = lines.next(); line.isPresent(); line = lines.next()) {
                found.add(line.get());
            }
            return found;
        } catch (IOException e) {
            throw FlynnException.unavailable("the log aggregator does not answer: " + e.getMessage(), e);
        }
    }

    @Override
    public Subscription follow(AppId app, Query query, Consumer<LogMessage> onLine) {
        LogReader.Lines lines = reader.open(app, of(query, true));
        Thread follower = new NamedThreads("controller-log").newThread(() -> deliver(lines, onLine));
        follower.start();
        return lines::close;
    }

    private static void deliver(LogReader.Lines lines, Consumer<LogMessage> onLine) {
        try (lines) {
            for (Optional<LogMessage> line = lines.next(); line.isPresent(); line = lines.next()) {
                onLine.accept(line.get());
            }
        } catch (IOException closed) {
            log.atDebug().setCause(closed).log("following a log ended");
        }
    }

    /** The aggregator's number 0 means all without following and none with it, which is what the controller wants too. */
    private static LogQuery of(Query query, boolean follow) {
        return new LogQuery(follow, query.lines(), query.jobId(), query.processType());
    }
}
