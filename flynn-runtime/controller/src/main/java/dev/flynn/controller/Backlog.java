package dev.flynn.controller;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Items between a producer that must not wait and a stream that writes them. Thread-safe. */
final class Backlog<T> {

    /** An item, or the end of all. */
    private record Entry<T>(@Nullable T item) {}

    /** What a subscriber of events may be behind. */
    static <T> Backlog<T> ofEvents() {
        return new Backlog<>(1000, "event stream buffer overflow");
    }

    private final int capacity;
    private final String onOverflow;
    private final BlockingQueue<Entry<T>> queue;
    private volatile @Nullable String end;

    /** @param onOverflow why it ends when the stream does not keep up */
    Backlog(int capacity, String onOverflow) {
        this.capacity = capacity;
        this.onOverflow = onOverflow;
        this.queue = new LinkedBlockingQueue<>(capacity + 1);
    }

    void add(T item) {
        if (end == null && (queue.size() >= capacity || !queue.offer(new Entry<>(item)))) {
            end(onOverflow);
        }
    }

    /** No more items come; what is queued is still given. */
    void end(String reason) {
        if (end == null) {
            end = reason;
            var unused = queue.offer(new Entry<>(null));
        }
    }

    /** The next item; empty when none came in time, or at the end. */
    Optional<T> next(Duration patience) throws InterruptedException {
        if (end != null && queue.isEmpty()) {
            return Optional.empty();
        }
        Entry<T> entry = queue.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
        return entry == null ? Optional.empty() : Optional.ofNullable(entry.item());
    }

    /** Why it ended, once all items were given. */
    Optional<String> ended() {
        return queue.isEmpty() ? Optional.ofNullable(end) : Optional.empty();
    }
}
