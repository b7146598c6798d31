package dev.flynn.router;

import dev.flynn.router.table.Backend;
import dev.flynn.router.telemetry.AccessDraft;
import dev.flynn.router.telemetry.AccessLog;
import dev.flynn.router.telemetry.Meter;
import dev.flynn.router.telemetry.TrafficCounts;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What one request has been through, for the counts and the access log. Used again for the next request of the connection; for
 * the loop's thread alone.
 */
final class RequestTrace implements Tunnel.Counts {

    private static final int BAD_GATEWAY = 502;
    private static final int CLIENT_GONE = 499;

    private Meter.@Nullable Cell route;
    private Meter.@Nullable Cell backend;
    private @Nullable Backend lastBackend;
    private long startNanos;
    private long bytesIn;
    private long bytesOut;
    private int status;
    private boolean told;

    private @Nullable AccessLog log;
    private @Nullable AccessDraft draft;
    private String routeId = "";

    /** A request begins, whose route was found, or was not. */
    void begin(Meter.Cell ofRoute) {
        route = ofRoute;
        backend = null;
        lastBackend = null;
        startNanos = System.nanoTime();
        bytesIn = 0;
        bytesOut = 0;
        status = 0;
        told = false;
        log = null;
        draft = null;
        ofRoute.begin();
    }

    /** It is to be told of in the log. */
    void log(AccessLog where, AccessDraft what, String ofRoute) {
        log = where;
        draft = what;
        routeId = ofRoute;
    }

    /** What the backend has to be told if the client has no id of its own; null for any. */
    @Nullable
    String requestId() {
        return draft == null ? null : draft.requestId();
    }

    void refused() {
        if (route != null) {
            route.refuse();
        }
    }

    /** A backend is asked, and whichever was asked before is not any more. */
    void ask(Backend asked, Meter.Cell cell) {
        leaveBackend();
        lastBackend = asked;
        backend = cell;
        cell.begin();
    }

    /** There is another attempt, at the same backend or at the next one. */
    void retry() {
        if (route != null) {
            route.retry();
        }
        if (backend != null) {
            backend.retry();
        }
    }

    /** The backend did not accept a connection. */
    void notAccepted() {
        if (backend != null) {
            backend.refuse();
        }
    }

    @Override
    public void received(int bytes) {
        bytesIn += bytes;
        if (route != null) {
            route.bytesIn(bytes);
        }
        if (backend != null) {
            backend.bytesIn(bytes);
        }
    }

    @Override
    public void sent(int bytes) {
        bytesOut += bytes;
        if (route != null) {
            route.bytesOut(bytes);
        }
        if (backend != null) {
            backend.bytesOut(bytes);
        }
    }

    void status(int value) {
        status = value;
    }

    /** The answer is complete, or has become a tunnel. */
    void answered() {
        tell(status, TrafficCounts.statusClass(status));
    }

    /** The backend has broken off in the midst of its answer. */
    void brokenOff() {
        tell(BAD_GATEWAY, TrafficCounts.statusClass(BAD_GATEWAY));
    }

    /** Everything is over, with or without an answer; may be called more than once. */
    void end() {
        if (route == null) {
            return;
        }
        tell(CLIENT_GONE, TrafficCounts.CLIENT_GONE);
        route.end();
        route = null;
        leaveBackend();
    }

    private void tell(int toldStatus, int statusClass) {
        if (told || route == null) {
            return;
        }
        told = true;
        long micros = TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - startNanos);
        route.answered(statusClass, micros);
        if (backend != null) {
            backend.answered(statusClass, micros);
        }
        if (log != null && draft != null) {
            String addr = lastBackend == null ? "" : lastBackend.addr();
            log.add(draft.finished(toldStatus, bytesIn, bytesOut, micros, routeId, addr));
        }
    }

    private void leaveBackend() {
        if (backend != null) {
            backend.end();
            backend = null;
        }
    }
}
