package dev.flynn.controller.http;

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

/** One line per request, once it is answered or its client is gone. The query is left out, because it may hold the key. */
final class RequestLog extends HttpServerProbe.Adapter {

    private static final Logger log = LoggerFactory.getLogger(RequestLog.class);

    private static final Pattern ID = Pattern.compile("[\\w.:/+=-]{1,128}");
    private static final String STARTED = RequestLog.class.getName();

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

    private static void write(Request request, int status) {
        Object started = request.getAttribute(STARTED);
        log.atInfo()
                .addKeyValue("request", id(request))
                .addKeyValue("method", request.getMethod())
                .addKeyValue("path", request.getRequestURI())
                .addKeyValue("status", status)
                .addKeyValue(
                        "ms",
                        started instanceof Long nanos ? TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos) : -1)
                .log("request");
    }

    /** The client's own id for the request, if it is one that cannot confuse a reader of the log. */
    private static String id(Request request) {
        String given = request.getHeader("X-Request-ID");
        return given != null && ID.matcher(given).matches()
                ? given
                : UUID.randomUUID().toString();
    }
}
