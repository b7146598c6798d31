package dev.flynn.logs;

import dev.flynn.api.id.AppId;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The buffers of all apps, and how far each host's lines were seen. Thread-safe.
 *
 * <p>All buffers together take a bounded part of the memory: when they take more, the largest loses its older half, so that an
 * app that writes much costs itself and not the others.
 */
final class LogAggregator {

    static final long DEFAULT_MAX_BYTES = 64L << 20;

    private final long maxBytes;
    private final AtomicLong weightBytes = new AtomicLong();
    private final Map<AppId, AppBuffer> buffers = new ConcurrentHashMap<>();
    private final Map<String, Cursor> cursors = new ConcurrentHashMap<>();

    LogAggregator(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    void add(SyslogLine line) {
        add(line.app(), List.of(line));
    }

    /** Takes lines of one app. */
    void add(AppId app, List<SyslogLine> lines) {
        buffer(app).add(lines);
        long added = 0;
        SyslogLine before = null;
        for (SyslogLine line : lines) {
            added += line.weightBytes();
            if (before != null
                    && !before.message().hostId().equals(line.message().hostId())) {
                seen(before);
            }
            before = line;
        }
        if (before != null) {
            seen(before);
        }
        if (weightBytes.addAndGet(added) > maxBytes) {
            makeRoom();
        }
    }

    private void seen(SyslogLine line) {
        cursors.merge(line.message().hostId(), Cursor.of(line), Cursor::orLater);
    }

    /** The sum that is kept counts what was dropped too, so it is taken anew first. */
    private synchronized void makeRoom() {
        long sum = buffers.values().stream().mapToLong(AppBuffer::weightBytes).sum();
        while (sum > maxBytes) {
            AppBuffer largest = Collections.max(buffers.values(), Comparator.comparingLong(AppBuffer::weightBytes));
            long before = largest.weightBytes();
            largest.halve();
            sum -= before - largest.weightBytes();
        }
        weightBytes.set(sum);
    }

    AppBuffer buffer(AppId app) {
        return buffers.computeIfAbsent(app, id -> new AppBuffer());
    }

    /** The latest cursor of each host. */
    Map<String, Cursor> cursors() {
        return Map.copyOf(cursors);
    }
}
