package dev.flynn.logs;

import dev.flynn.api.log.LogMessage;
import dev.flynn.spi.component.Subscription;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** The newest lines of one app, in order of time; at most 10,000, and fewer when memory is short. Thread-safe. */
final class AppBuffer {

    static final int CAPACITY = 10_000;

    private final LineRing lines = new LineRing(CAPACITY);
    private final List<BlockingQueue<LogMessage>> subscribers = new CopyOnWriteArrayList<>();
    private long weightBytes;

    /** Takes lines in at their places; those that are there already are dropped. */
    synchronized void add(List<SyslogLine> added) {
        added.forEach(this::add);
    }

    /** Takes a line in at its place; one that is there already is dropped. */
    synchronized void add(SyslogLine line) {
        Instant time = line.message().timestamp();
        int place = lines.size();
        if (place > 0 && lines.get(place - 1).message().timestamp().isAfter(time)) {
            place = behind(time);
        }
        for (int i = place - 1; i >= 0 && lines.get(i).message().timestamp().equals(time); i--) {
            if (isSame(lines.get(i), line)) {
                return;
            }
        }
        if (lines.size() == CAPACITY) {
            if (place == 0) {
                return; // older than all that is kept
            }
            dropOldest();
            place--;
        }
        lines.insert(place, line);
        weightBytes += line.weightBytes();
        // a subscriber that does not follow loses lines and slows nobody down
        for (BlockingQueue<LogMessage> queue : subscribers) {
            var unused = queue.offer(line.message());
        }
    }

    private static boolean isSame(SyslogLine one, SyslogLine other) {
        return one.seq() == other.seq() && one.message().equals(other.message());
    }

    /** Behind the last line that is not later. */
    private int behind(Instant time) {
        int low = 0;
        int high = lines.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (lines.get(middle).message().timestamp().isAfter(time)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
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

    /** The newest matching lines, oldest first. */
    synchronized List<LogMessage> newest(int count, Predicate<LogMessage> wanted) {
        List<LogMessage> found = new ArrayList<>();
        for (int i = lines.size() - 1; i >= 0 && found.size() < count; i--) {
            LogMessage message = lines.get(i).message();
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
