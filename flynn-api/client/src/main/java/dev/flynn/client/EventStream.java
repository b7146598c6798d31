package dev.flynn.client;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.Event;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Events as they happen, resumed by itself when the connection ends: at once, then every 100 ms for 10 s (contract:
 * controller, Streams).
 */
public final class EventStream implements AutoCloseable {

    private static final Duration RESUME_PATIENCE = Duration.ofSeconds(10);
    private static final long RESUME_PAUSE_MILLIS = 100;

    /** Servers send at least a keep-alive every 30 s; a connection on which nothing comes is dead. */
    private static final int SILENCE_MILLIS = 90_000;

    private final HttpTransport transport;
    private final FlynnJson json;
    private final String target;
    private final BlockingQueue<Object> items = new LinkedBlockingQueue<>(1000);
    private final CountDownLatch opened = new CountDownLatch(1);
    private final Thread reader;

    private volatile boolean closed;
    private volatile @Nullable HttpConnection connection;
    private volatile @Nullable FlynnException refused;
    private long lastId;
    private long aliveUntil = System.nanoTime();

    EventStream(HttpTransport transport, FlynnJson json, EventFilter filter) {
        this.transport = transport;
        this.json = json;
        this.target = filter.target();
        this.reader = new Thread(this::read, "flynn-events");
        reader.setDaemon(true);
        reader.start();
        awaitOpened();
    }

    /** Returns once the server has taken the subscription, so that nothing that happens later is missed. */
    private void awaitOpened() {
        try {
            opened.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close();
            throw FlynnException.unavailable("interrupted", e);
        }
        FlynnException failure = refused;
        if (failure != null) {
            throw failure;
        }
    }

    /**
     * Waits for the next event.
     *
     * @return empty when none came in time
     * @throws FlynnException the stream is lost for good
     */
    public Optional<Event> next(Duration patience) throws InterruptedException {
        Object item = items.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
        if (item instanceof FlynnException lost) {
            throw lost;
        }
        return Optional.ofNullable((Event) item);
    }

    private void read() {
        while (!closed) {
            try {
                readOnce();
            } catch (FlynnException | IOException e) {
                FlynnException failure =
                        e instanceof FlynnException told ? told : transport.unreachable((IOException) e);
                boolean lost = System.nanoTime() - aliveUntil > RESUME_PATIENCE.toNanos();
                if (opened.getCount() > 0 || lost || !failure.retry()) {
                    refused = failure;
                    opened.countDown();
                    tell(failure);
                    return;
                }
                pause();
            }
        }
    }

    private void readOnce() throws IOException {
        HttpReply reply = transport.send(
                "GET",
                target,
                Map.of("Accept", "text/event-stream", "Last-Event-Id", String.valueOf(lastId)),
                new byte[0]);
        connection = reply.connection();
        boolean live = false;
        try {
            if (reply.status() != 200) {
                throw Replies.failure("GET", transport.endpoint().url() + target, reply, json);
            }
            reply.connection().readTimeout(SILENCE_MILLIS);
            live = true;
            opened.countDown();
            var events = new ServerSentEvents(reply.body());
            for (Optional<String> data = events.next(); data.isPresent() && !closed; data = events.next()) {
                Event event = json.read(data.get(), Event.class);
                lastId = event.id();
                items.put(event);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            closed = true;
        } finally {
            reply.connection().close();
            if (live) {
                aliveUntil = System.nanoTime();
            }
        }
    }

    private void tell(FlynnException failure) {
        try {
            items.put(failure);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(RESUME_PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            closed = true;
        }
    }

    @Override
    public void close() {
        closed = true;
        HttpConnection open = connection;
        if (open != null) {
            open.close();
        }
        reader.interrupt();
    }
}
