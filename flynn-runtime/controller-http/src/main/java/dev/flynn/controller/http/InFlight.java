package dev.flynn.controller.http;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.http.server.HttpServerFilter;
import org.glassfish.grizzly.http.server.HttpServerProbe;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;

/** Counts requests that are not answered yet. Grizzly's own count never forgets one whose client left. */
final class InFlight extends HttpServerProbe.Adapter {

    private int count;

    @Override
    public synchronized void onRequestReceiveEvent(HttpServerFilter filter, Connection connection, Request request) {
        count++;
    }

    @Override
    public void onRequestCompleteEvent(HttpServerFilter filter, Connection connection, Response response) {
        done();
    }

    @Override
    public void onRequestCancelEvent(HttpServerFilter filter, Connection connection, Request request) {
        done();
    }

    private synchronized void done() {
        count--;
        notifyAll();
    }

    /** Waits until there are none, or for as long as that. */
    synchronized void awaitNone(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (count > 0) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }
}
