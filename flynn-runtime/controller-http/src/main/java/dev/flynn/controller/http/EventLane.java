package dev.flynn.controller.http;

import dev.flynn.base.Executors;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Many clients of the stream of events and the one thread that writes to them. The thread goes when there is nothing to do. */
final class EventLane implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(EventLane.class);

    /** How many events may be on their way to the thread; who tells of more waits, and what comes later stays in the store. */
    private static final int MAX_TOLD = 256;

    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    private final ThreadPoolExecutor thread;
    private final Semaphore room = new Semaphore(MAX_TOLD);
    private final Runnable onGone;

    // of the thread alone
    private final Set<EventClient> clients = new LinkedHashSet<>();
    private final Set<EventClient> withNews = new LinkedHashSet<>();
    private boolean isWriting;

    /** @param onGone called for each client whose stream is over */
    EventLane(ThreadFactory threads, Runnable onGone) {
        this.thread = new ThreadPoolExecutor(1, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads);
        this.thread.allowCoreThreadTimeOut(true);
        this.onGone = onGone;
    }

    /** Events that are told from now on are the client's, too. */
    void add(EventClient client) {
        later(() -> clients.add(client));
    }

    /** See {@link EventClient#begin}. */
    void begin(EventClient client, long revision, List<ToldEvent> history) {
        later(() -> {
            client.output().whenLeft(() -> later(() -> gone(client)));
            turn(client, () -> client.begin(revision, history));
        });
    }

    /** The client is answered by others. */
    void forget(EventClient client) {
        later(() -> {
            if (clients.remove(client)) {
                onGone.run();
            }
        });
    }

    /** Tells the clients of an event, in the order of the calls; waits while the thread is far behind. */
    void tell(ToldEvent event) throws InterruptedException {
        room.acquire();
        later(() -> {
            room.release();
            for (EventClient client : clients) {
                if (client.offer(event)) {
                    hasNews(client);
                }
            }
        });
    }

    /** No more events come. */
    void end(String reason) {
        later(() -> clients.forEach(client -> {
            client.end(reason);
            hasNews(client);
        }));
    }

    /** Called about once a second. */
    void tick() {
        later(() -> {
            long now = System.nanoTime();
            List.copyOf(clients).forEach(client -> turn(client, () -> client.tick(now, () -> unblock(client))));
        });
    }

    private void later(Runnable task) {
        try {
            thread.execute(task);
        } catch (RejectedExecutionException closed) {
            log.atDebug().log("event stream closed");
        }
    }

    // ---- on the thread

    private void hasNews(EventClient client) {
        withNews.add(client);
        if (!isWriting) {
            isWriting = true;
            // behind what was told meanwhile, so that several events go out in one piece
            later(this::write);
        }
    }

    /** Gives every client one turn, so that one with a long past does not keep the others waiting. */
    private void write() {
        isWriting = false;
        long now = System.nanoTime();
        List<EventClient> ready = new ArrayList<>(withNews);
        withNews.clear();
        ready.forEach(client -> turn(client, () -> client.take(now, () -> unblock(client))));
    }

    private void unblock(EventClient client) {
        later(() -> {
            client.unblock();
            hasNews(client);
        });
    }

    private interface Step {
        EventClient.Turn take() throws IOException;
    }

    private void turn(EventClient client, Step step) {
        try {
            switch (step.take()) {
                case DONE -> {}
                case MORE -> hasNews(client);
                case OVER -> gone(client);
            }
        } catch (IOException e) {
            log.atDebug().setCause(e).log("client of a stream left");
            gone(client);
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("event stream failed");
            gone(client);
        }
    }

    private void gone(EventClient client) {
        withNews.remove(client);
        if (clients.remove(client)) {
            try {
                client.finish();
            } catch (RuntimeException e) {
                log.atDebug().setCause(e).log("response of a client that left");
            }
            onGone.run();
        }
    }

    /** Ends all streams without another word: their clients resume elsewhere. */
    @Override
    public void close() {
        later(() -> List.copyOf(clients).forEach(this::gone));
        thread.shutdown();
        room.release(MAX_TOLD);
        try {
            boolean unused = thread.awaitTermination(STOP_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Executors.stop(thread, "event streams", STOP_PATIENCE);
    }
}
