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

    private void write(Request request, int status) {
        String id = RequestAudit.id(request.getHeader("X-Request-ID"));
        long millis = request.getAttribute(STARTED) instanceof Long nanos
                ? TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos)
                : -1;
        if (request.getAttribute(Visit.ATTRIBUTE) instanceof Visit visit) {
            audit.record(visit, request.getRequestURI(), status, millis, id);
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
