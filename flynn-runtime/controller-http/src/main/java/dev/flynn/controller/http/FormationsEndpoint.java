package dev.flynn.controller.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.api.app.App;
import dev.flynn.api.app.ExpandedFormation;
import dev.flynn.api.app.Formation;
import dev.flynn.api.app.ScaleRequest;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Release;
import dev.flynn.controller.AppCatalog;
import dev.flynn.controller.FormationCatalog;
import dev.flynn.controller.ReleaseCatalog;
import dev.flynn.controller.ScaleRequests;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import jakarta.ws.rs.DELETE;
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
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Formations of one app and of all, as lists and as a stream. */
@Path("/")
public final class FormationsEndpoint {

    private final ClusterState state;
    private final JsonBodies bodies;
    private final AppCatalog apps;
    private final ReleaseCatalog releases;
    private final FormationCatalog formations;
    private final ScaleRequests scaleRequests;
    private final Streams streams;

    FormationsEndpoint(
            ClusterState state,
            JsonBodies bodies,
            AppCatalog apps,
            ReleaseCatalog releases,
            FormationCatalog formations,
            ScaleRequests scaleRequests,
            Streams streams) {
        this.state = state;
        this.bodies = bodies;
        this.apps = apps;
        this.releases = releases;
        this.formations = formations;
        this.scaleRequests = scaleRequests;
        this.streams = streams;
    }

    /** The body is read last, because the contract checks the app and the release first. */
    @PUT
    @Path("apps/{app}/formations/{release}")
    @Told(
            value = "Sets how many jobs of each type of a release are wanted.",
            body = FormationCatalog.NewFormation.class)
    public Formation put(@PathParam("app") String app, @PathParam("release") String release, InputStream body)
            throws IOException {
        Versioned<App> owner = apps.get(app);
        Release wanted = releases.get(release);
        byte[] json = body.readNBytes(JsonBodies.MAX_BYTES + 1);
        return formations.put(owner, wanted, bodies.read(json, FormationCatalog.NewFormation.class));
    }

    @GET
    @Path("apps/{app}/formations/{release}")
    @Told(
            value = "One formation; with expand=true with its app, release and artifact.",
            answer = {Formation.class, ExpandedFormation.class})
    public Response get(
            @PathParam("app") String app,
            @PathParam("release") String release,
            @QueryParam("expand") @DefaultValue("") String expand) {
        Formation formation = formations.get(appId(app), releaseId(release));
        return Answers.json(expand.equals("true") ? formations.expand(formation) : formation);
    }

    @DELETE
    @Path("apps/{app}/formations/{release}")
    @Told("Deletes a formation, whose jobs stop.")
    public Response delete(@PathParam("app") String app, @PathParam("release") String release) {
        formations.delete(appId(app), releaseId(release));
        return Answers.empty();
    }

    @PUT
    @Path("apps/{app}/scale/{release}")
    @Told("Scales a formation; the event scale_request tells when the jobs are as wished.")
    public ScaleRequest scale(
            @PathParam("app") String app, @PathParam("release") String release, ScaleRequests.NewScale request) {
        return scaleRequests.create(apps.get(app), releases.get(release), request);
    }

    @GET
    @Path("apps/{app}/formations")
    @Told("The app's formations, newest first.")
    public List<Formation> list(@PathParam("app") String app) {
        return formations.of(appId(app));
    }

    @GET
    @Path("formations")
    @Told(
            value = "Formations that want jobs with active=true, or a stream of all changes since a time.",
            answer = ExpandedFormation.class,
            list = true,
            media = "text/event-stream")
    public void all(
            @QueryParam("active") @DefaultValue("") String active,
            @QueryParam("since") @DefaultValue("") String since,
            @HeaderParam("Accept") @DefaultValue("") String accept,
            @Context ContainerRequestContext request,
            @Suspended AsyncResponse response)
            throws IOException {
        if (ServerSentEvents.wantedBy(accept)) {
            streams.start(response, request, ServerSentEvents.MEDIA_TYPE, new FormationStream(Since.parse(since)));
        } else if (active.equals("true")) {
            response.resume(Answers.json(formations.active()));
        } else {
            throw FlynnException.invalid(
                    "ask for the active formations with active=true, or for a stream with Accept: text/event-stream");
        }
    }

    private AppId appId(String app) {
        return apps.get(app).value().id();
    }

    private static ReleaseId releaseId(String release) {
        return ReleaseId.of(ReleaseCatalog.objectId("release", release));
    }

    /** What changed since a time, a marker, then every change. */
    private final class FormationStream implements Streams.Writer, StoreWatcher {

        private static final String PREFIX = "formations/";

        private final List<ExpandedFormation> past;
        private final Backlog<StoreChange.KeyChange> backlog = Backlog.ofEvents();
        private final Subscription subscription;

        FormationStream(Instant since) {
            long revision = state.store().list(PREFIX).revision();
            this.past = formations.changedSince(since);
            this.subscription = state.store().watch(PREFIX, revision, this);
        }

        @Override
        public void onChange(StoreChange change) {
            change.changes().forEach(backlog::add);
        }

        @Override
        public void onEnd(FlynnException reason) {
            backlog.end(reason.getMessage());
        }

        @Override
        public void write(OutputStream out) throws IOException, InterruptedException {
            var stream = new ServerSentEvents(out);
            for (ExpandedFormation formation : past) {
                stream.item(json(formation, Optional.empty()));
            }
            stream.item(json(
                    new ExpandedFormation(
                            Optional.empty(), Optional.empty(), Optional.empty(), Map.of(), Map.of(), Optional.empty()),
                    Optional.empty()));
            while (true) {
                Optional<StoreChange.KeyChange> change = backlog.next(ServerSentEvents.KEEP_ALIVE);
                Optional<String> ended = backlog.ended();
                if (change.isPresent()) {
                    stream.item(json(change.get()));
                } else if (ended.isPresent()) {
                    stream.error(ended.get());
                    return;
                } else {
                    stream.keepAlive();
                }
            }
        }

        private String json(StoreChange.KeyChange change) {
            String[] ids = change.key().substring(PREFIX.length()).split("/");
            AppId app = AppId.of(ids[0]);
            ExpandedFormation formation = change.entry()
                    .map(entry -> formations.expand(state.json().read(entry.value(), Formation.class)))
                    .orElseGet(() -> formations.expandDeleted(app, ReleaseId.of(ids[1]), Optional.empty()));
            return json(formation, Optional.of(app));
        }

        /** Of an app that is gone only the id is known. */
        private String json(ExpandedFormation formation, Optional<AppId> owner) {
            if (formation.app().isPresent() || owner.isEmpty()) {
                return state.json().write(formation);
            }
            ObjectNode tree = (ObjectNode) state.json().toTree(formation);
            tree.putObject("app").put("id", owner.get().toString());
            return tree.toString();
        }

        @Override
        public void close() {
            subscription.close();
        }
    }
}
