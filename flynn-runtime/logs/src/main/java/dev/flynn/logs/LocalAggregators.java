package dev.flynn.logs;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.spi.component.Subscription;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The log aggregators that run on this host, for the lines of other hosts. They keep lines in memory; when one starts, all
 * hosts begin anew, and what others have already comes to nothing there. Thread-safe.
 */
public final class LocalAggregators {

    private final List<LogAggregator> running = new CopyOnWriteArrayList<>();

    // guarded by this
    private final Map<String, Map<AppId, LogPosition>> positions = new HashMap<>();
    private long generation = System.nanoTime();

    /**
     * How far a host's lines are here.
     *
     * @param generation to be named with every line
     */
    public record Opened(long generation, Map<AppId, LogPosition> positions) {}

    Subscription add(LogAggregator aggregator) {
        running.add(aggregator);
        synchronized (this) {
            generation++;
            positions.clear();
        }
        return () -> running.remove(aggregator);
    }

    /** @throws FlynnException {@code SERVICE_UNAVAILABLE} if no aggregator runs here */
    public synchronized Opened open(String host) {
        requireOne();
        return new Opened(generation, Map.copyOf(positions.getOrDefault(host, Map.of())));
    }

    private void requireOne() {
        if (running.isEmpty()) {
            throw FlynnException.unavailable("no log aggregator runs on this host now", null);
        }
    }

    /**
     * Takes lines of a host. What is none, and what is another host's, is left out.
     *
     * @throws FlynnException {@code CONFLICT} if an aggregator started meanwhile, {@code SERVICE_UNAVAILABLE} if none runs
     */
    public synchronized void append(String host, long toGeneration, List<LogChunk> chunks) {
        requireOne();
        if (toGeneration != generation) {
            throw new FlynnException(ErrorCode.CONFLICT, "a log aggregator started; begin again");
        }
        var parser = new LineParser();
        Map<AppId, LogPosition> known = positions.computeIfAbsent(host, id -> new HashMap<>());
        for (LogChunk chunk : chunks) {
            List<SyslogLine> lines = lines(parser, host, chunk);
            if (!lines.isEmpty()) {
                running.forEach(aggregator -> aggregator.add(chunk.app(), lines));
            }
            known.put(chunk.app(), chunk.end());
        }
    }

    private static List<SyslogLine> lines(LineParser parser, String host, LogChunk chunk) {
        List<SyslogLine> lines = new ArrayList<>();
        byte[] frames = chunk.frames();
        int start = 0;
        for (int end = Frames.end(frames, 0, frames.length); end > 0; end = Frames.end(frames, start, frames.length)) {
            parser.parse(frames, Frames.message(frames, start), end - 1)
                    .filter(line -> line.app().equals(chunk.app())
                            && line.message().hostId().equals(host))
                    .ifPresent(lines::add);
            start = end;
        }
        return lines;
    }
}
