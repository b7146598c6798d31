package dev.flynn.link.logs;

import dev.flynn.api.error.FlynnException;
import dev.flynn.link.HostLink;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.log.LogSink;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Takes lines of other hosts and hands them to the sink of this one, each once: a batch that comes again, because its answer
 * was lost, has no effect. Thread-safe.
 */
public final class LogReceiver {

    private final LogSink sink;

    /** What came last, by host. */
    private final Map<String, Position> positions = new HashMap<>();

    private record Position(long sender, long last) {}

    private LogReceiver(LogSink sink) {
        this.sink = sink;
    }

    /** Serves until the subscription is closed. */
    public static Subscription serve(HostLink link, LogSink sink) {
        var receiver = new LogReceiver(sink);
        return link.serveBlocking(LogBatch.SERVICE, receiver::append);
    }

    private synchronized byte[] append(String caller, String method, byte[] request) {
        if (!method.equals(LogBatch.APPEND)) {
            throw FlynnException.unsupported("\"" + method + "\" of logs");
        }
        LogBatch batch = LogBatch.of(request);
        Position before = positions.get(caller);
        long known = before != null && before.sender() == batch.sender() ? before.last() : batch.first() - 1;
        List<LogBatch.Line> lines = batch.lines();
        for (int i = 0; i < lines.size(); i++) {
            if (batch.first() + i > known) {
                sink.accept(lines.get(i).app(), lines.get(i).message());
            }
        }
        long last = Math.max(known, batch.first() + lines.size() - 1);
        positions.put(caller, new Position(batch.sender(), last));
        return ByteBuffer.allocate(Long.BYTES).putLong(last).array();
    }
}
