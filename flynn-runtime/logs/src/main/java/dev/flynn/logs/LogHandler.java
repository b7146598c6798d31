package dev.flynn.logs;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.Ids;
import dev.flynn.api.log.LogMessage;
import dev.flynn.json.ErrorBody;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.component.Subscription;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.glassfish.grizzly.http.Method;
import org.glassfish.grizzly.http.server.HttpHandler;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;
import org.jspecify.annotations.Nullable;

/** The aggregator's HTTP API: {@code GET /log/<app id>}, lines of JSON, and {@code GET /cursors}. */
final class LogHandler extends HttpHandler {

    private static final String LOG = "/log/";
    private static final int FOLLOWER_QUEUE = 1000;
    private static final int KEEP_ALIVE_SECONDS = 15;

    private final LogAggregator aggregator;
    private final FlynnJson json = new FlynnJson();

    /** Followers wait on threads of their own, not on the server's. */
    private final ExecutorService followers;

    LogHandler(LogAggregator aggregator, ExecutorService followers) {
        this.aggregator = aggregator;
        this.followers = followers;
    }

    @Override
    public void service(Request request, Response response) throws Exception {
        String path = request.getRequestURI();
        if (path.equals("/.well-known/status")) {
            response.setContentType("application/json");
            response.getWriter().write("{\"data\":{\"status\":\"healthy\"}}");
            return;
        }
        try {
            answer(request, path, response);
        } catch (FlynnException e) {
            response.setStatus(e.code().httpStatus());
            response.setContentType("application/json");
            response.getOutputStream().write(json.writeBytes(ErrorBody.of(e, json)));
        }
    }

    private void answer(Request request, String path, Response response) throws IOException {
        String app = path.startsWith(LOG) ? path.substring(LOG.length()) : "";
        boolean get = request.getMethod() == Method.GET;
        if (get && path.equals("/cursors")) {
            response.setContentType("application/json");
            response.getOutputStream().write(json.writeBytes(cursors()));
        } else if (get && Ids.isId(app)) {
            serve(aggregator.buffer(AppId.of(app)), query(request), response);
        } else {
            throw new FlynnException(ErrorCode.NOT_FOUND, "there is nothing at " + path);
        }
    }

    private Map<String, CursorForm> cursors() {
        Map<String, CursorForm> forms = new TreeMap<>();
        aggregator.cursors().forEach((host, cursor) -> forms.put(host, CursorForm.of(cursor)));
        return forms;
    }

    /** A cursor on the wire: the time as text, because JSON's times here end at the microsecond. */
    private record CursorForm(String time, long seq) {

        static CursorForm of(Cursor cursor) {
            return new CursorForm(cursor.time().toString(), cursor.seq());
        }
    }

    private static LogQuery query(Request request) {
        String[] types = request.getParameterValues("process_type");
        return new LogQuery(
                "true".equals(request.getParameter("follow")),
                lines(request.getParameter("lines")),
                Optional.ofNullable(request.getParameter("job_id")),
                types == null ? Optional.empty() : Optional.of(types[types.length - 1]),
                streams(request.getParameter("stream_types")));
    }

    private static Set<String> streams(@Nullable String types) {
        return types == null || types.isEmpty() ? Set.of() : Set.copyOf(List.of(types.split(",")));
    }

    private static OptionalInt lines(@Nullable String text) {
        try {
            return text == null ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(text));
        } catch (NumberFormatException e) {
            throw FlynnException.invalidField("lines", "lines must be an integer between 0 and " + LogQuery.MAX_LINES);
        }
    }

    private void serve(AppBuffer buffer, LogQuery query, Response response) throws IOException {
        response.setContentType("application/json");
        if (!query.follow()) {
            write(buffer.newest(query.backlog(), query::matches), response.getOutputStream());
            return;
        }
        response.suspend();
        followers.execute(() -> {
            try {
                follow(buffer, query, response.getOutputStream());
            } catch (IOException clientWentAway) {
                // the usual end of following
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                response.resume();
            }
        });
    }

    private void follow(AppBuffer buffer, LogQuery query, OutputStream out) throws IOException, InterruptedException {
        BlockingQueue<LogMessage> queue = new ArrayBlockingQueue<>(FOLLOWER_QUEUE);
        try (Subscription subscription = buffer.subscription(queue)) {
            write(buffer.newestAndSubscribe(query.backlog(), query::matches, queue), out);
            out.flush();
            while (!Thread.currentThread().isInterrupted()) {
                LogMessage next = queue.poll(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS);
                if (next == null) {
                    out.write('\n'); // an empty line shows whether the client is still there
                } else if (query.matches(next)) {
                    write(List.of(next), out);
                }
                if (queue.isEmpty()) {
                    out.flush();
                }
            }
        }
    }

    private void write(List<LogMessage> messages, OutputStream out) throws IOException {
        for (LogMessage message : messages) {
            out.write(json.writeBytes(message));
            out.write('\n');
        }
    }
}
