package dev.flynn.controller.http;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Items between a producer that must not wait and a stream that writes them. Thread-safe. */
final class Backlog<T> {

    /** What a subscriber of events may be behind. */
    static final int MAX_EVENTS = 1000;

    /** Why the stream of a subscriber ends that is further behind. */
    static final String OVERFLOW = "event stream buffer overflow";

    private final int capacity;
    private final String onOverflow;
    private final Deque<T> items = new ArrayDeque<>();
    private @Nullable String end;

    /** @param onOverflow why it ends when the stream does not keep up */
    Backlog(int capacity, String onOverflow) {
        this.capacity = capacity;
        this.onOverflow = onOverflow;
    }

    /** Of a subscriber of events. */
    static <T> Backlog<T> ofEvents() {
        return new Backlog<>(MAX_EVENTS, OVERFLOW);
    }

    synchronized void add(T item) {
        if (end != null) {
            return;
        }
        if (items.size() == capacity) {
            end(onOverflow);
        } else {
            items.add(item);
            notifyAll();
        }
    }

    /** No more items come; what is queued is still given. */
    synchronized void end(String reason) {
        if (end == null) {
            end = reason;
            notifyAll();
        }
    }

    /** The next item; empty when none came in time, or at the end. */
    synchronized Optional<T> next(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (items.isEmpty() && end == null) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return Optional.empty();
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return Optional.ofNullable(items.poll());
    }

    /** Why it ended, once all items were given. */
    synchronized Optional<String> ended() {
        return items.isEmpty() ? Optional.ofNullable(end) : Optional.empty();
    }
}
