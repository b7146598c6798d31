package dev.flynn.router;

import dev.flynn.router.telemetry.Meter;
import org.jspecify.annotations.Nullable;

/** What one TCP connection has been through, for the counts. For the loop's thread alone. */
final class TcpTrace implements Tunnel.Counts {

    private final Meter.Cell route;
    private Meter.@Nullable Cell backend;
    private boolean ended;

    TcpTrace(Meter.Cell route) {
        this.route = route;
        route.begin();
    }

    /** A backend is dialled. */
    void ask(Meter.Cell cell) {
        backend = cell;
        cell.begin();
    }

    /** It did not accept, and whether there is another one is not known yet. */
    void notAccepted() {
        if (backend != null) {
            backend.refuse();
            backend.end();
            backend = null;
            route.retry();
        }
    }

    @Override
    public void received(int bytes) {
        route.bytesIn(bytes);
        if (backend != null) {
            backend.bytesIn(bytes);
        }
    }

    @Override
    public void sent(int bytes) {
        route.bytesOut(bytes);
        if (backend != null) {
            backend.bytesOut(bytes);
        }
    }

    /** The client has gone; may be called more than once. */
    void end() {
        if (!ended) {
            ended = true;
            route.end();
            if (backend != null) {
                backend.end();
                backend = null;
            }
        }
    }
}
