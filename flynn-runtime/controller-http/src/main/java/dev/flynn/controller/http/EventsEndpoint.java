package dev.flynn.controller.http;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.Event;
import dev.flynn.api.id.AppId;
import dev.flynn.controller.AppCatalog;
import dev.flynn.spi.auth.Principal;
import dev.flynn.spi.component.Subscription;
import dev.flynn.state.ClusterState;
import dev.flynn.state.EventQuery;
import dev.flynn.state.Events;
import jakarta.ws.rs.BeanParam;
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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;

/** Events: past ones as a list, past and coming ones as a stream. */
@Path("/")
public final class EventsEndpoint {

    private final ClusterState state;
    private final AppCatalog apps;
    private final Confines confines;
    private final Streams streams;
    private final EventLanes lanes;

    EventsEndpoint(ClusterState state, AppCatalog apps, Confines confines, Streams streams, EventLanes lanes) {
        this.state = state;
        this.apps = apps;
        this.confines = confines;
        this.streams = streams;
        this.lanes = lanes;
    }

    /** What a request says of the events that it wants; numbers as text, because a wrong one is answered in our way. */
    public static final class Wanted {

        @QueryParam("app_id")
        @DefaultValue("")
        String app = "";

        @QueryParam("object_types")
        @DefaultValue("")
        String objectTypes = "";

        @QueryParam("object_id")
        @DefaultValue("")
        String objectId = "";

        @QueryParam("before_id")
        @DefaultValue("")
        String beforeId = "";

        @QueryParam("since_id")
        @DefaultValue("")
        String sinceId = "";

        @QueryParam("count")
        @DefaultValue("")
        String count = "";

        @QueryParam("past")
        @DefaultValue("")
        String past = "";

        @HeaderParam("Last-Event-Id")
        @DefaultValue("")
        String lastEventId = "";

        @HeaderParam("Accept")
        @DefaultValue("")
        String accept = "";
    }

    /** A list only for exactly this header; anything else is a stream. */
    @GET
    @Path("events")
    @Told(
            value = "Past events for exactly Accept: application/json, otherwise a stream of past and coming ones.",
            answer = Event.class,
            list = true,
            media = "text/event-stream")
    public void events(
            @BeanParam Wanted wanted, @Context ContainerRequestContext request, @Suspended AsyncResponse response)
            throws IOException {
        Principal principal = Visit.of(request).principal();
        if (wanted.accept.equals("application/json")) {
            response.resume(Answers.json(list(wanted, principal)));
        } else {
            stream(wanted, principal, request, response);
        }
    }

    @GET
    @Path("events/{event}")
    @Told("One event.")
    public Event get(@PathParam("event") String event) {
        try {
            long id = Long.parseLong(event);
            return (id < 1 ? Optional.<Event>empty() : state.events().find(id))
                    .orElseThrow(() -> FlynnException.notFound("event", id));
        } catch (NumberFormatException e) {
            throw FlynnException.internal("\"%s\" is not an event's id".formatted(event), e);
        }
    }

    private List<Event> list(Wanted wanted, Principal principal) {
        EventQuery query = query(
                wanted,
                principal,
                number("before_id", wanted.beforeId).orElse(Long.MAX_VALUE),
                number("since_id", wanted.sinceId).orElse(0L),
                limit(wanted));
        List<Event> events = new ArrayList<>(state.events().history(query).events());
        Collections.reverse(events);
        return events;
    }

    private void stream(Wanted wanted, Principal principal, ContainerRequestContext request, AsyncResponse response)
            throws IOException {
        long last = number("Last-Event-Id", wanted.lastEventId).orElse(0L);
        boolean past = wanted.past.equals("true") || last > 0;
        int limit = limit(wanted);
        EventQuery query = query(wanted, principal, Long.MAX_VALUE, last, past ? limit : 0);
        Optional<StreamOutput> output = GrizzlyOutput.of(request, response, ServerSentEvents.MEDIA_TYPE);
        if (output.isEmpty()) {
            Events.History history = state.events().history(query);
            streams.start(response, request, ServerSentEvents.MEDIA_TYPE, new EventStream(history, query, principal));
            return;
        }
        try {
            lanes.start(output.get(), query, () -> state.events().history(query), told -> form(principal, told));
        } catch (RejectedExecutionException closed) {
            throw Streams.closing();
        }
    }

    /** How a key is told of an event; empty if it must not know. */
    private Optional<byte[]> form(Principal principal, ToldEvent told) {
        if (!confines.shows(principal, told.event())) {
            return Optional.empty();
        }
        return Optional.of(principal.isReader() ? told.itemWithoutSecrets() : told.item());
    }

    /** Of a key for one app: that app's, whatever else it asks for. */
    private EventQuery query(Wanted wanted, Principal principal, long beforeId, long sinceId, int limit) {
        Optional<AppId> app = Optional.of(wanted.app)
                .filter(name -> !name.isEmpty())
                .map(name -> apps.get(name).value().id())
                .or(principal::onlyApp);
        return new EventQuery(
                app,
                Texts.list(wanted.objectTypes),
                Optional.of(wanted.objectId).filter(id -> !id.isEmpty()),
                beforeId,
                sinceId,
                limit);
    }

    private static int limit(Wanted wanted) {
        return number("count", wanted.count)
                .filter(count -> count > 0)
                .map(count -> (int) Math.min(count, Integer.MAX_VALUE))
                .orElse(Integer.MAX_VALUE);
    }

    private static Optional<Long> number(String field, String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Long.parseLong(text));
        } catch (NumberFormatException e) {
            throw FlynnException.invalidField(field, "is invalid");
        }
    }

    /**
     * Where another server writes the response: past events, then every later one, none twice and none missed, because the
     * watch goes on at the history's revision. It has a thread and a watch of its own.
     */
    private final class EventStream implements Streams.Writer {

        private final Principal principal;
        private final Events.History history;
        private final Backlog<Event> backlog = Backlog.ofEvents();
        private final Subscription subscription;

        EventStream(Events.History history, EventQuery query, Principal principal) {
            this.principal = principal;
            this.history = history;
            this.subscription = state.events()
                    .watch(
                            history.revision(),
                            event -> {
                                if (query.matches(event)) {
                                    backlog.add(event);
                                }
                            },
                            reason -> backlog.end(reason.getMessage()));
        }

        @Override
        public void write(OutputStream out) throws IOException, InterruptedException {
            var stream = new ServerSentEvents(out);
            for (Event event : history.events()) {
                tell(stream, event);
            }
            while (true) {
                Optional<Event> event = backlog.next(ServerSentEvents.KEEP_ALIVE);
                Optional<String> ended = backlog.ended();
                if (event.isPresent()) {
                    tell(stream, event.get());
                } else if (ended.isPresent()) {
                    stream.error(ended.get());
                    return;
                } else {
                    stream.keepAlive();
                }
            }
        }

        private void tell(ServerSentEvents stream, Event event) throws IOException {
            if (confines.shows(principal, event)) {
                Object told = principal.isReader() ? Secrets.without(event, state.json()) : event;
                stream.item(state.json().write(told));
            }
        }

        @Override
        public void close() {
            subscription.close();
        }
    }
}
