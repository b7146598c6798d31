package dev.flynn.embedded;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.Event;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.component.Subscription;
import dev.flynn.state.EventQuery;
import dev.flynn.state.Events;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The events of a cluster for any number of subscribers, each with its own place in them.
 *
 * <p>A subscriber gets every event once, in order of id, and no more than it asked for. What it did not ask for yet waits in
 * the store and not here, so that a slow one costs no memory; one that is so slow that events are deleted for their age misses
 * those. It completes when this is closed, and fails when the store does. Subscribers are told by threads that are made
 * for it, one at a time each.
 */
final class EventStreams implements AutoCloseable {

    /** How many events wait here for one subscriber, at most. */
    static final int MAX_WAITING = 256;

    private static final EventQuery NEWEST = EventQuery.ALL.withLimit(1);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Events events;
    private final ExecutorService threads =
            java.util.concurrent.Executors.newCachedThreadPool(new NamedThreads("flynn-events"));
    private final Set<Place> open = ConcurrentHashMap.newKeySet();

    EventStreams(Events events) {
        this.events = events;
    }

    /** Each subscriber begins with the first event after its subscription. */
    Flow.Publisher<Event> fromNow() {
        return subscriber -> subscribe(
                subscriber,
                events.history(NEWEST).events().stream().mapToLong(Event::id).sum());
    }

    /** Each subscriber begins with the first event that is kept and has a greater id. */
    Flow.Publisher<Event> after(long id) {
        return subscriber -> subscribe(subscriber, id);
    }

    private void subscribe(Flow.Subscriber<? super Event> subscriber, long after) {
        var place = new Place(requireNonNull(subscriber, "subscriber"), after);
        open.add(place);
        subscriber.onSubscribe(place);
        place.watch();
    }

    @Override
    public void close() {
        open.forEach(Place::complete);
        threads.shutdown();
        try {
            var unused = threads.awaitTermination(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Executors.stop(threads, "flynn-events", PATIENCE);
    }

    /** One subscriber and how far it is. */
    private final class Place implements Flow.Subscription {

        private final Flow.Subscriber<? super Event> subscriber;

        // all guarded by this

        private final Deque<Event> waiting = new ArrayDeque<>();
        private long newestTaken;
        private long demand;
        /** Whether there may be events in the store behind {@link #newestTaken} that the watch does not tell of. */
        private boolean behind = true;
        /** Whether the watch told of an event since the store was last read. */
        private boolean ignored;

        private boolean telling;
        private boolean ended;
        private @Nullable Runnable lastWords;
        private @Nullable Subscription watch;

        Place(Flow.Subscriber<? super Event> subscriber, long after) {
            this.subscriber = subscriber;
            this.newestTaken = after;
        }

        void watch() {
            try {
                Subscription begun = events.watch(events.history(NEWEST).revision(), this::onEvent, this::onEnd);
                synchronized (this) {
                    watch = begun;
                    behind = true;
                    if (ended) {
                        begun.close();
                    }
                }
            } catch (RuntimeException e) {
                end(() -> subscriber.onError(e));
            }
            wake();
        }

        private void onEvent(Event event) {
            synchronized (this) {
                if (event.id() <= newestTaken) {
                    return;
                }
                if (behind) {
                    ignored = true;
                } else if (waiting.size() < MAX_WAITING) {
                    take(event);
                } else {
                    behind = true;
                }
            }
            wake();
        }

        private void onEnd(FlynnException reason) {
            if (reason.code() == ErrorCode.COMPACTED) {
                watch();
            } else {
                end(() -> subscriber.onError(reason));
            }
        }

        @Override
        public void request(long n) {
            if (n <= 0) {
                end(() -> subscriber.onError(
                        new IllegalArgumentException("a subscriber asks for at least one event, asked for " + n)));
                return;
            }
            synchronized (this) {
                demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
            }
            wake();
        }

        @Override
        public void cancel() {
            end(() -> {});
        }

        void complete() {
            end(subscriber::onComplete);
        }

        private void end(Runnable words) {
            synchronized (this) {
                if (lastWords == null) {
                    lastWords = words;
                }
            }
            wake();
        }

        /** Has the subscriber told what it may be told, unless a thread does that already. */
        private void wake() {
            synchronized (this) {
                if (telling || ended) {
                    return;
                }
                telling = true;
            }
            try {
                threads.execute(this::tell);
            } catch (RejectedExecutionException closed) {
                leave();
            }
        }

        private void tell() {
            try {
                for (Event next = next(); next != null; next = next()) {
                    subscriber.onNext(next);
                }
            } catch (RuntimeException e) {
                // of the store, or of a subscriber that breaks its promise not to throw
                leave();
                subscriber.onError(e);
            }
        }

        /** The next event to tell, or null if this thread is done. */
        private @Nullable Event next() {
            while (true) {
                Runnable words;
                synchronized (this) {
                    words = lastWords;
                    if (words == null && (demand == 0 || !waiting.isEmpty() || !behind)) {
                        Event next = demand > 0 ? waiting.poll() : null;
                        if (next == null) {
                            telling = false;
                        } else {
                            demand--;
                        }
                        return next;
                    }
                }
                if (words != null) {
                    leave();
                    words.run();
                    return null;
                }
                catchUp();
            }
        }

        /** Reads on in the store; when nothing more is there, the watch tells of what is new. */
        private void catchUp() {
            long from;
            synchronized (this) {
                ignored = false;
                from = newestTaken;
            }
            List<Event> page = events.after(from, MAX_WAITING);
            synchronized (this) {
                page.forEach(this::take);
                behind = ignored || page.size() == MAX_WAITING;
            }
        }

        private void take(Event event) {
            waiting.add(event);
            newestTaken = event.id();
        }

        private void leave() {
            Subscription last;
            synchronized (this) {
                ended = true;
                waiting.clear();
                last = watch;
            }
            if (last != null) {
                last.close();
            }
            open.remove(this);
        }
    }
}
