package dev.flynn.controller.http;

import dev.flynn.api.id.AppId;
import dev.flynn.api.volume.Volume;
import dev.flynn.controller.AppCatalog;
import dev.flynn.controller.VolumeCatalog;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.state.ClusterState;
import dev.flynn.state.VolumeRecord;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Volumes of all hosts, and of one app. */
@Path("/")
public final class VolumesEndpoint {

    private static final String PREFIX = "volumes/";

    private final ClusterState state;
    private final AppCatalog apps;
    private final VolumeCatalog volumes;
    private final Streams streams;

    VolumesEndpoint(ClusterState state, AppCatalog apps, VolumeCatalog volumes, Streams streams) {
        this.state = state;
        this.apps = apps;
        this.volumes = volumes;
        this.streams = streams;
    }

    @GET
    @Path("volumes")
    @Told(
            value = "All volumes, newest first, or a stream of those since a time and of what changes.",
            answer = Volume.class,
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
                    entry -> Optional.of(volume(entry))
                            .filter(volume -> !volume.updatedAt().isBefore(begin))
                            .map(json::write),
                    entry -> json.write(volume(entry)),
                    key -> json.write(destroyed(key)));
            streams.start(response, request, ServerSentEvents.MEDIA_TYPE, stream);
        } else {
            response.resume(Answers.json(volumes.list()));
        }
    }

    private Volume volume(StoreEntry entry) {
        return VolumeCatalog.shown(state.json().read(entry.value(), VolumeRecord.class));
    }

    private static Map<String, String> destroyed(String key) {
        String[] ids = key.substring(PREFIX.length()).split("/");
        return Map.of("host_id", ids[0], "id", ids[1], "state", Volume.DESTROYED);
    }

    @PUT
    @Path("volumes")
    @Told("Records a volume of a host that is not one of the cluster's; those record theirs.")
    public Volume put(VolumeCatalog.NewVolume volume) {
        return volumes.record(volume);
    }

    @GET
    @Path("apps/{app}/volumes")
    @Told("The app's volumes, newest first.")
    public List<Volume> ofApp(@PathParam("app") String app) {
        return volumes.of(id(app));
    }

    @GET
    @Path("apps/{app}/volumes/{volume}")
    @Told("One volume.")
    public Volume get(@PathParam("app") String app, @PathParam("volume") String volume) {
        return volumes.get(id(app), volume);
    }

    @PUT
    @Path("apps/{app}/volumes/{volume}/decommission")
    @Told("No new job gets the volume; its data stays until an operator deletes it.")
    public Volume decommission(@PathParam("app") String app, @PathParam("volume") String volume) {
        return volumes.decommission(id(app), volume);
    }

    private AppId id(String app) {
        return apps.get(app).value().id();
    }
}
