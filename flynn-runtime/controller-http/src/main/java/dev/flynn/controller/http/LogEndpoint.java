package dev.flynn.controller.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.controller.AppCatalog;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.log.AppLogs;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** The log of an app (contract: controller, App log). */
@Path("/")
public final class LogEndpoint {

    private static final int MAX_LINES = 10_000;

    private final FlynnJson json;
    private final AppCatalog apps;
    private final AppLogs logs;
    private final Streams streams;

    LogEndpoint(FlynnJson json, AppCatalog apps, AppLogs logs, Streams streams) {
        this.json = json;
        this.apps = apps;
        this.logs = logs;
        this.streams = streams;
    }

    /** An item of the stream form. */
    record Item(
            String event,
            @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<LogMessage> data) {}

    @GET
    @Path("apps/{app}/log")
    @Told(
            value = "The app's log, one JSON object a line or as a stream.",
            media = {"text/plain", "text/event-stream"})
    public void log(
            @PathParam("app") String app,
            @QueryParam("follow") @DefaultValue("") String follow,
            @QueryParam("lines") @DefaultValue("") String lines,
            @QueryParam("job_id") @DefaultValue("") String jobId,
            @QueryParam("process_type") @Nullable String processType,
            @QueryParam("stream_types") @DefaultValue("") String streamTypes,
            @HeaderParam("Accept") @DefaultValue("") String accept,
            @Context ContainerRequestContext request,
            @Suspended AsyncResponse response)
            throws IOException {
        AppId id = apps.get(app).value().id();
        boolean follows = follow.equals("true");
        var query = new AppLogs.Query(
                Optional.of(jobId).filter(text -> !text.isEmpty()),
                Optional.ofNullable(processType),
                lines(lines, follows),
                Texts.list(streamTypes));
        boolean events = ServerSentEvents.wantedBy(accept);
        Format format = events ? new EventFormat() : new PlainFormat();
        streams.start(
                response,
                request,
                events ? ServerSentEvents.MEDIA_TYPE : "text/plain",
                follows ? new Following(id, query, format) : new Reader(logs.read(id, query), format));
    }

    /** Not given, or 0, means all that is kept; but nothing of it when the log is followed. */
    private static OptionalInt lines(String text, boolean follows) {
        int lines = number(text);
        if (lines > MAX_LINES) {
            throw FlynnException.invalidField("lines", "must be at most %d, was %d".formatted(MAX_LINES, lines));
        }
        if (lines > 0) {
            return OptionalInt.of(lines);
        }
        return follows ? OptionalInt.of(0) : OptionalInt.empty();
    }

    private static int number(String text) {
        try {
            return text.isEmpty() ? 0 : Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw FlynnException.internal("lines must be a number, was \"%s\"".formatted(text), e);
        }
    }

    /** How lines are written. */
    private interface Format {

        void line(OutputStream out, LogMessage message) throws IOException;

        void end(OutputStream out) throws IOException;

        void failed(OutputStream out, String reason) throws IOException;

        void idle(OutputStream out) throws IOException;
    }

    private final class PlainFormat implements Format {

        @Override
        public void line(OutputStream out, LogMessage message) throws IOException {
            out.write((json.write(message) + "\n").getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void end(OutputStream out) {}

        @Override
        public void failed(OutputStream out, String reason) {}

        @Override
        public void idle(OutputStream out) {}
    }

    private final class EventFormat implements Format {

        @Override
        public void line(OutputStream out, LogMessage message) throws IOException {
            new ServerSentEvents(out).item(json.write(new Item("message", Optional.of(message))));
        }

        @Override
        public void end(OutputStream out) throws IOException {
            new ServerSentEvents(out).item(json.write(new Item("eof", Optional.empty())));
        }

        @Override
        public void failed(OutputStream out, String reason) throws IOException {
            new ServerSentEvents(out).error(reason);
        }

        @Override
        public void idle(OutputStream out) throws IOException {
            new ServerSentEvents(out).keepAlive();
        }
    }

    private record Reader(List<LogMessage> lines, Format format) implements Streams.Writer {

        @Override
        public void write(OutputStream out) throws IOException {
            for (LogMessage line : lines) {
                format.line(out, line);
            }
            format.end(out);
        }

        @Override
        public boolean isEndless() {
            return false;
        }

        @Override
        public void close() {}
    }

    private final class Following implements Streams.Writer, AppLogs.Follower {

        private final Format format;
        private final Backlog<LogMessage> backlog = new Backlog<>(2 * MAX_LINES, "log stream buffer overflow");
        private final Subscription subscription;

        Following(AppId app, AppLogs.Query query, Format format) {
            this.format = format;
            this.subscription = logs.follow(app, query, this);
        }

        @Override
        public void onLine(LogMessage line) {
            backlog.add(line);
        }

        @Override
        public void onEnd(String reason) {
            backlog.end(reason);
        }

        @Override
        public void write(OutputStream out) throws IOException, InterruptedException {
            while (true) {
                Optional<LogMessage> line = backlog.next(ServerSentEvents.KEEP_ALIVE);
                Optional<String> ended = backlog.ended();
                if (line.isPresent()) {
                    format.line(out, line.get());
                } else if (ended.isPresent()) {
                    format.failed(out, ended.get());
                    return;
                } else {
                    format.idle(out);
                }
                out.flush();
            }
        }

        @Override
        public void close() {
            subscription.close();
        }
    }
}
