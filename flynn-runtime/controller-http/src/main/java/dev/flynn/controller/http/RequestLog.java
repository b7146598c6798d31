package dev.flynn.controller.http;

import java.util.concurrent.TimeUnit;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.http.server.HttpServerFilter;
import org.glassfish.grizzly.http.server.HttpServerProbe;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line per request, once it is answered or its client is gone, and one in the audit for what changes something. The query
 * is left out, because it may hold the key.
 */
final class RequestLog extends HttpServerProbe.Adapter {

    private static final Logger log = LoggerFactory.getLogger(RequestLog.class);

    private static final String STARTED = RequestLog.class.getName();

    private final RequestAudit audit;

    RequestLog(RequestAudit audit) {
        this.audit = audit;
    }

    @Override
    public void onRequestReceiveEvent(HttpServerFilter filter, Connection connection, Request request) {
        request.setAttribute(STARTED, System.nanoTime());
    }

    @Override
    public void onRequestCompleteEvent(HttpServerFilter filter, Connection connection, Response response) {
        write(response.getRequest(), response.getStatus());
    }

    @Override
    public void onRequestCancelEvent(HttpServerFilter filter, Connection connection, Request request) {
        write(request, request.getResponse().getStatus());
    }

    /** When a request came, by {@link System#nanoTime}. */
    static long startedNanos(Request request) {
        return request.getAttribute(STARTED) instanceof Long nanos ? nanos : System.nanoTime();
    }

    private void write(Request request, int status) {
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos(request));
        String id;
        if (request.getAttribute(RequestAudit.ATTRIBUTE) instanceof RequestAudit.Audited audited) {
            id = audited.id();
            audit.end(audited, status);
        } else {
            id = RequestAudit.id(request.getHeader("X-Request-ID"));
        }
        log.atInfo()
                .addKeyValue("request", id)
                .addKeyValue("method", request.getMethod())
                .addKeyValue("path", request.getRequestURI())
                .addKeyValue("status", status)
                .addKeyValue("ms", millis)
                .log("request");
    }
}
