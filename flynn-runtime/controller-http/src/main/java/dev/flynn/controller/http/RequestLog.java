package dev.flynn.controller.http;

import dev.flynn.access.AuditTrail;
import dev.flynn.api.access.AuditEntry;
import java.time.Clock;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
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

    private static final Pattern ID = Pattern.compile("[\\w.:/+=-]{1,128}");
    private static final String STARTED = RequestLog.class.getName();

    /** Of the audit's entries. */
    private static final int MAX_PATH = 512;

    private final AuditTrail audit;
    private final Clock clock;

    RequestLog(AuditTrail audit, Clock clock) {
        this.audit = audit;
        this.clock = clock;
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
        String id = id(request);
        long millis = request.getAttribute(STARTED) instanceof Long nanos
                ? TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos)
                : -1;
        if (request.getAttribute(Visit.ATTRIBUTE) instanceof Visit visit
                && !visit.request().method().equals("GET")) {
            audit.record(entry(visit, request, status, millis, id));
        }
        log.atInfo()
                .addKeyValue("request", id)
                .addKeyValue("method", request.getMethod())
                .addKeyValue("path", request.getRequestURI())
                .addKeyValue("status", status)
                .addKeyValue("ms", millis)
                .log("request");
    }

    private AuditEntry entry(Visit visit, Request request, int status, long millis, String id) {
        String path = request.getRequestURI();
        return new AuditEntry(
                0,
                clock.instant(),
                visit.principal().name(),
                visit.request().method(),
                path.substring(0, Math.min(path.length(), MAX_PATH)),
                Optional.ofNullable(visit.request().variables().get("app")),
                status,
                millis,
                id,
                visit.remote(),
                0);
    }

    /** The client's own id for the request, if it is one that cannot confuse a reader of the log. */
    private static String id(Request request) {
        String given = request.getHeader("X-Request-ID");
        return given != null && ID.matcher(given).matches()
                ? given
                : UUID.randomUUID().toString();
    }
}
