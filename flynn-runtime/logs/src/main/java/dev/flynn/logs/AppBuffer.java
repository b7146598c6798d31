package dev.flynn.logs;

import dev.flynn.api.log.LogMessage;
import dev.flynn.spi.component.Subscription;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** The newest lines of one app, in order of time; at most 10,000, and fewer when memory is short. Thread-safe. */
final class AppBuffer {

    static final int CAPACITY = 10_000;

    private long weightBytes;

    /** Oldest first. */
    private final Deque<SyslogLine> lines = new ArrayDeque<>();

    private final List<BlockingQueue<LogMessage>> subscribers = new CopyOnWriteArrayList<>();

    /** Takes a line in at its place; one that is there already is dropped. */
    synchronized void add(SyslogLine line) {
        Deque<SyslogLine> later = new ArrayDeque<>();
        boolean duplicate = false;
        while (!lines.isEmpty() && isAfter(lines.peekLast(), line)) {
            later.push(lines.pollLast());
        }
        Instant time = line.message().timestamp();
        for (var old = lines.descendingIterator(); old.hasNext(); ) {
            SyslogLine before = old.next();
            if (!before.message().timestamp().equals(time)) {
                break;
            }
            duplicate |= before.seq() == line.seq()
                    && before.message().hostId().equals(line.message().hostId())
                    && before.message().equals(line.message());
        }
        if (!duplicate) {
            lines.addLast(line);
            weightBytes += line.weightBytes();
        }
        lines.addAll(later);
        if (lines.size() > CAPACITY) {
            dropOldest();
        }
        if (!duplicate) {
            // a subscriber that does not follow loses lines and slows nobody down
            subscribers.forEach(queue -> {
                var unused = queue.offer(line.message());
            });
        }
    }

    private void dropOldest() {
        weightBytes -= lines.removeFirst().weightBytes();
    }

    /** About how much memory the lines take. */
    synchronized long weightBytes() {
        return weightBytes;
    }

    /** Drops the older half. */
    synchronized void halve() {
        for (int drop = (lines.size() + 1) / 2; drop > 0; drop--) {
            dropOldest();
        }
    }

    private static boolean isAfter(SyslogLine one, SyslogLine other) {
        return one.message().timestamp().isAfter(other.message().timestamp());
    }

    /** The newest matching lines, oldest first. */
    synchronized List<LogMessage> newest(int count, Predicate<LogMessage> wanted) {
        List<LogMessage> found = new ArrayList<>();
        for (var old = lines.descendingIterator(); old.hasNext() && found.size() < count; ) {
            LogMessage message = old.next().message();
            if (wanted.test(message)) {
                found.add(message);
            }
        }
        Collections.reverse(found);
        return found;
    }

    /** Reads and subscribes in one moment, so that no line is missed or seen twice. */
    synchronized List<LogMessage> newestAndSubscribe(
            int count, Predicate<LogMessage> wanted, BlockingQueue<LogMessage> queue) {
        subscribers.add(queue);
        return newest(count, wanted);
    }

    Subscription subscription(BlockingQueue<LogMessage> queue) {
        return () -> subscribers.remove(queue);
    }
}
