package dev.flynn.controller.http;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.Event;
import dev.flynn.base.NamedThreads;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.component.Subscription;
import dev.flynn.state.ClusterState;
import dev.flynn.state.EventQuery;
import dev.flynn.state.Events;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Streams of events for any number of clients: the store is watched once, an event is read and written once, and a few threads
 * share the clients. A client costs no thread, and one that does not read delays nobody. Without clients nothing is watched.
 */
final class EventLanes implements AutoCloseable {

    private static final int MAX_LANES = 4;

    /** Matches nothing: of a history only the revision is of interest. */
    private static final EventQuery NONE = EventQuery.ALL.withLimit(0);

    private final Events events;
    private final FlynnJson json;
    private final List<EventLane> lanes = new ArrayList<>();
    private final ScheduledThreadPoolExecutor clock;

    // guarded by this
    private int clients;
    private int nextLane;
    private boolean closed;
    private @Nullable Subscription watch;
    private @Nullable ScheduledFuture<?> ticks;

    EventLanes(ClusterState state) {
        this.events = state.events();
        this.json = state.json();
        var threads = new NamedThreads("controller-events");
        this.clock = new ScheduledThreadPoolExecutor(1, threads);
        clock.setKeepAliveTime(10, TimeUnit.SECONDS);
        clock.allowCoreThreadTimeOut(true);
        clock.setRemoveOnCancelPolicy(true);
        int count = Math.min(MAX_LANES, Runtime.getRuntime().availableProcessors());
        for (int i = 0; i < count; i++) {
            lanes.add(new EventLane(threads, this::left));
        }
    }

    /**
     * Begins a stream of the past, then every later event, none twice and none missed.
     *
     * @param past reads what the client is told of the past
     * @param form how an event is told to this client; empty if it must not know of it
     * @throws RejectedExecutionException if this is closed
     */
    void start(
            StreamOutput output,
            EventQuery query,
            Supplier<Events.History> past,
            Function<ToldEvent, Optional<byte[]>> form) {
        EventLane lane = join();
        var client = new EventClient(query, form, output, System.nanoTime());
        lane.add(client);
        try {
            Events.History history = past.get();
            long revision = history.revision();
            lane.begin(
                    client,
                    revision,
                    history.events().stream()
                            .map(event -> new ToldEvent(revision, event, json))
                            .toList());
        } catch (RuntimeException e) {
            lane.forget(client);
            throw e;
        }
    }

    private synchronized EventLane join() {
        if (closed) {
            throw new RejectedExecutionException("the streams of events are closed");
        }
        if (watch == null) {
            watch = new Follower().follow();
        }
        if (ticks == null) {
            ticks = clock.scheduleWithFixedDelay(() -> lanes.forEach(EventLane::tick), 1, 1, TimeUnit.SECONDS);
        }
        clients++;
        nextLane = (nextLane + 1) % lanes.size();
        return lanes.get(nextLane);
    }

    private synchronized void left() {
        clients--;
        if (clients == 0) {
            rest();
        }
    }

    private synchronized void rest() {
        if (watch != null) {
            watch.close();
            watch = null;
        }
        if (ticks != null) {
            ticks.cancel(false);
            ticks = null;
        }
    }

    private synchronized void ended(Follower follower) {
        if (watch == follower.subscription) {
            watch = null;
        }
    }

    /** One watch of the store, until it ends or nobody is left. */
    private final class Follower {

        private @Nullable Subscription subscription;

        Subscription follow() {
            long revision = events.history(NONE).revision();
            subscription = events.watchCommitted(revision, this::tell, this::end);
            return subscription;
        }

        private void tell(long revision, Event event) {
            var told = new ToldEvent(revision, event, json);
            try {
                for (EventLane lane : lanes) {
                    lane.tell(told);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private void end(FlynnException reason) {
            ended(this);
            lanes.forEach(lane -> lane.end(String.valueOf(reason.getMessage())));
        }
    }

    /** Ends all streams without another word: their clients resume elsewhere. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            rest();
        }
        lanes.forEach(EventLane::close);
        clock.shutdownNow();
    }
}
