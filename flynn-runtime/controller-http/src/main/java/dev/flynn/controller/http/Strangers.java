package dev.flynn.controller.http;

import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;

/** Requests without a valid key: each gets an empty 401, wrong keys sooner or later. */
final class Strangers implements AutoCloseable {

    /** How many answers wait to be given, of all addresses. */
    private static final int MAX_WAITING = 1000;

    private static final Duration STOP_PATIENCE = Duration.ofSeconds(2);

    private final WrongKeys wrongKeys = new WrongKeys();
    private final Set<Response> waiting = ConcurrentHashMap.newKeySet();
    private final ScheduledThreadPoolExecutor timer =
            new ScheduledThreadPoolExecutor(1, new NamedThreads("controller-strangers"));
    private volatile boolean closed;

    Strangers() {
        timer.setRemoveOnCancelPolicy(true);
    }

    /** Answers a request, now or later, without keeping a thread; or ends its connection. */
    void refuse(Request request, Response response, Door.Stranger stranger) {
        if (!stranger.failed()) {
            unauthorized(response);
            return;
        }
        Optional<Duration> delay = wrongKeys.count(stranger.remote(), request.getRequestURI());
        if (delay.isPresent() && delay.get().isZero()) {
            unauthorized(response);
        } else if (delay.isEmpty() || waiting.size() >= MAX_WAITING || closed) {
            request.getContext().getConnection().closeSilently();
        } else {
            response.suspend();
            waiting.add(response);
            timer.schedule(() -> answer(response), delay.get().toNanos(), TimeUnit.NANOSECONDS);
            if (closed) {
                answer(response);
            }
        }
    }

    private void answer(Response response) {
        if (waiting.remove(response)) {
            try {
                unauthorized(response);
                response.resume();
            } catch (IllegalStateException clientHasLeft) {
                // nobody is left to be told
            }
        }
    }

    private static void unauthorized(Response response) {
        response.setStatus(401);
        response.setContentLength(0);
    }

    @Override
    public void close() {
        closed = true;
        waiting.forEach(this::answer);
        Executors.stop(timer, "answers to strangers", STOP_PATIENCE);
    }
}
