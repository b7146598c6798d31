package dev.flynn.controller.http;

import dev.flynn.api.host.Host;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.state.ClusterState;
import dev.flynn.state.TableView;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Requests without a valid key: each gets an empty 401, wrong keys sooner or later, and the log has a line now and then. */
final class Strangers implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Strangers.class);

    /** How many answers wait to be given, of all addresses. */
    private static final int MAX_WAITING = 1000;

    private static final long REPORT_NANOS = Duration.ofSeconds(10).toNanos();
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(2);

    private final FailedAttempts attempts = new FailedAttempts(System::nanoTime);
    private final AtomicLong reportedAt = new AtomicLong(System.nanoTime() - REPORT_NANOS);
    private final Set<Response> waiting = ConcurrentHashMap.newKeySet();
    private final ScheduledThreadPoolExecutor timer =
            new ScheduledThreadPoolExecutor(1, new NamedThreads("controller-strangers"));
    private final TableView<Host> hosts;
    private volatile boolean closed;

    Strangers(ClusterState state) {
        this.hosts = state.hosts().view(() -> {});
        timer.setRemoveOnCancelPolicy(true);
    }

    /** Answers a request, now or later, without keeping a thread; or ends its connection. */
    void refuse(Request request, Response response, boolean offeredKey) {
        if (!offeredKey) {
            unauthorized(response);
            return;
        }
        String address = address(request);
        Optional<Duration> delay = attempts.failed(address);
        report(address, request.getRequestURI());
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

    private void report(String address, String path) {
        long before = reportedAt.get();
        if (System.nanoTime() - before >= REPORT_NANOS && reportedAt.compareAndSet(before, System.nanoTime())) {
            log.atWarn()
                    .addKeyValue("remote", address)
                    .addKeyValue("path", path)
                    .addKeyValue("refusedSoFar", attempts.count())
                    .log("request with a wrong key refused");
        }
    }

    /** How many requests came with a wrong key. */
    long refused() {
        return attempts.count();
    }

    /** Where a request comes from; only routers, which run on hosts of the cluster, are believed when they say it. */
    String address(Request request) {
        String remote = String.valueOf(request.getRemoteAddr());
        String forwarded = request.getHeader("X-Forwarded-For");
        if (forwarded == null || !isOfCluster(remote)) {
            return remote;
        }
        String last = forwarded.substring(forwarded.lastIndexOf(',') + 1).strip();
        return last.isEmpty() || last.length() > 45 ? remote : last;
    }

    private boolean isOfCluster(String remote) {
        return remote.equals("127.0.0.1")
                || remote.equals("0:0:0:0:0:0:0:1")
                || hosts.records().values().stream()
                        .anyMatch(host ->
                                remote.equals(URI.create(host.value().url()).getHost()));
    }

    @Override
    public void close() {
        closed = true;
        waiting.forEach(this::answer);
        hosts.close();
        Executors.stop(timer, "answers to strangers", STOP_PATIENCE);
    }
}
