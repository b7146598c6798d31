package dev.flynn.controller.http;

import dev.flynn.access.AuditQuery;
import dev.flynn.access.AuditTrail;
import dev.flynn.api.access.AuditEntry;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import dev.flynn.json.Times;
import dev.flynn.spi.component.Subscription;
import dev.flynn.state.ClusterState;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Who changed what: past requests as a list, newest first; past and coming ones as a stream. */
@Path("/")
public final class AuditEndpoint {

    private static final int USUAL_COUNT = 100;

    private final ClusterState state;
    private final AuditTrail trail;
    private final Streams streams;

    AuditEndpoint(ClusterState state, AuditTrail trail, Streams streams) {
        this.state = state;
        this.trail = trail;
        this.streams = streams;
    }

    @GET
    @Path("audit")
    @Told(
            value = "Who changed what: past requests, newest first, or a stream of past and coming ones.",
            answer = AuditEntry.class,
            list = true,
            media = "text/event-stream")
    public void audit(
            @QueryParam("since") @DefaultValue("") String since,
            @QueryParam("app") @DefaultValue("") String app,
            @QueryParam("name") @DefaultValue("") String name,
            @QueryParam("count") @DefaultValue("") String count,
            @HeaderParam("Accept") @DefaultValue("") String accept,
            @Context ContainerRequestContext request,
            @Suspended AsyncResponse response)
            throws IOException {
        boolean follows = ServerSentEvents.wantedBy(accept);
        var query = new AuditQuery(since(since), given(app).map(this::appId), given(name), count(count, follows));
        AuditTrail.History history = trail.history(query);
        if (follows) {
            streams.start(
                    response,
                    request,
                    ServerSentEvents.MEDIA_TYPE,
                    new AuditStream(state.json(), trail, history, query));
        } else {
            List<AuditEntry> entries = new ArrayList<>(history.entries());
            Collections.reverse(entries);
            response.resume(Answers.json(entries));
        }
    }

    private static Optional<String> given(String text) {
        return Optional.of(text).filter(value -> !value.isEmpty());
    }

    /** Entries of an app that is gone have its id, or the name that their requests had. */
    private String appId(String named) {
        return state.findApp(named).map(app -> app.value().id().toString()).orElse(named);
    }

    private static Optional<Instant> since(String text) {
        try {
            return given(text).map(time -> Times.parse(time.replace(' ', '+')));
        } catch (FlynnException e) {
            throw FlynnException.invalidField("since", "must be a time in RFC 3339");
        }
    }

    private static int count(String text, boolean follows) {
        try {
            int count = text.isEmpty() ? follows ? 0 : USUAL_COUNT : Integer.parseInt(text);
            if (count >= 0) {
                return count;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw FlynnException.invalidField("count", "must be a number, 0 or more");
    }

    /** Past entries, then every later one: the watch goes on at the history's revision. */
    private static final class AuditStream implements Streams.Writer {

        private final FlynnJson json;
        private final AuditTrail.History history;
        private final Backlog<AuditEntry> backlog = new Backlog<>(1000, "audit stream buffer overflow");
        private final Subscription subscription;

        AuditStream(FlynnJson json, AuditTrail trail, AuditTrail.History history, AuditQuery query) {
            this.json = json;
            this.history = history;
            this.subscription = trail.watch(
                    history.revision(),
                    entry -> {
                        if (query.matches(entry)) {
                            backlog.add(entry);
                        }
                    },
                    reason -> backlog.end(reason.getMessage()));
        }

        @Override
        public void write(OutputStream out) throws IOException, InterruptedException {
            var stream = new ServerSentEvents(out);
            for (AuditEntry entry : history.entries()) {
                stream.item(json.write(entry));
            }
            while (true) {
                Optional<AuditEntry> entry = backlog.next(ServerSentEvents.KEEP_ALIVE);
                Optional<String> ended = backlog.ended();
                if (entry.isPresent()) {
                    stream.item(json.write(entry.get()));
                } else if (ended.isPresent()) {
                    stream.error(ended.get());
                    return;
                } else {
                    stream.keepAlive();
                }
            }
        }

        @Override
        public void close() {
            subscription.close();
        }
    }
}
