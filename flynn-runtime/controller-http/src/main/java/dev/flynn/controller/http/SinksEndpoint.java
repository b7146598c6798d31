package dev.flynn.controller.http;

import dev.flynn.api.log.Sink;
import dev.flynn.controller.SinkCatalog;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.state.ClusterState;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** Where logs are sent beside the cluster's own aggregators. */
@Path("/")
public final class SinksEndpoint {

    private static final String PREFIX = "sinks/";

    private final ClusterState state;
    private final SinkCatalog sinks;
    private final Streams streams;

    SinksEndpoint(ClusterState state, SinkCatalog sinks, Streams streams) {
        this.state = state;
        this.sinks = sinks;
        this.streams = streams;
    }

    @POST
    @Path("sinks")
    @Told("Makes every host send the lines of its logs to a syslog server.")
    public Sink create(SinkCatalog.NewSink request) {
        return sinks.create(request);
    }

    /** In the stream, a sink that is deleted has its id and nothing more. */
    @GET
    @Path("sinks")
    @Told(
            value = "All sinks, newest first, or a stream of those since a time and of what changes.",
            answer = Sink.class,
            list = true,
            media = "text/event-stream")
    public void list(
            @QueryParam("since") @DefaultValue("") String since,
            @HeaderParam("Accept") @DefaultValue("") String accept,
            @Context ContainerRequestContext request,
            @Suspended AsyncResponse response)
            throws IOException {
        if (ServerSentEvents.wantedBy(accept)) {
            Instant begin = Since.parseOrBegin(since);
            FlynnJson json = state.json();
            var stream = new RecordStream(
                    state,
                    PREFIX,
                    entry -> Optional.of(sink(entry))
                            .filter(sink -> !sink.updatedAt().isBefore(begin))
                            .map(json::write),
                    entry -> json.write(sink(entry)),
                    key -> json.write(Map.of("id", key.substring(PREFIX.length()))));
            streams.start(response, request, ServerSentEvents.MEDIA_TYPE, stream);
        } else {
            response.resume(Answers.json(sinks.list()));
        }
    }

    private Sink sink(StoreEntry entry) {
        return state.json().read(entry.value(), Sink.class);
    }

    @GET
    @Path("sinks/{sink}")
    @Told("One sink.")
    public Sink get(@PathParam("sink") String sink) {
        return sinks.get(sink);
    }

    @DELETE
    @Path("sinks/{sink}")
    @Told("Ends that lines are sent there.")
    public Sink delete(@PathParam("sink") String sink) {
        return sinks.delete(sink);
    }
}
