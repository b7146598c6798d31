package dev.flynn.controller.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.app.App;
import dev.flynn.api.release.Release;
import dev.flynn.controller.AppCatalog;
import dev.flynn.controller.ReleaseCatalog;
import dev.flynn.controller.ReleaseCollector;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import java.util.List;

/** Apps, and the release that each is on. */
@Path("/")
public final class AppsEndpoint {

    private final AppCatalog apps;
    private final ReleaseCatalog releases;
    private final ReleaseCollector collector;

    AppsEndpoint(AppCatalog apps, ReleaseCatalog releases, ReleaseCollector collector) {
        this.apps = apps;
        this.releases = releases;
        this.collector = collector;
    }

    /** A body that names an object. */
    record Reference(String id) {}

    @POST
    @Path("apps")
    public App create(AppCatalog.NewApp request) {
        return apps.create(request);
    }

    @GET
    @Path("apps")
    public List<App> list() {
        return apps.list();
    }

    @GET
    @Path("apps/{app}")
    public App get(@PathParam("app") String app) {
        return apps.get(app).value();
    }

    @POST
    @Path("apps/{app}")
    public App update(@PathParam("app") String app, JsonNode patch) {
        return apps.update(app, patch);
    }

    @POST
    @Path("apps/{app}/meta")
    public App updateMeta(@PathParam("app") String app, JsonNode patch) {
        return apps.update(app, patch);
    }

    @DELETE
    @Path("apps/{app}")
    public Response delete(@PathParam("app") String app) {
        apps.delete(app);
        return Answers.empty();
    }

    @GET
    @Path("apps/{app}/release")
    public Release release(@PathParam("app") String app) {
        return apps.release(app);
    }

    @PUT
    @Path("apps/{app}/release")
    public Release setRelease(@PathParam("app") String app, Reference release) {
        return apps.setRelease(app, release.id());
    }

    /** Queued, as {@link #delete} is. */
    @DELETE
    @Path("apps/{app}/releases/{release}")
    public Response deleteRelease(@PathParam("app") String app, @PathParam("release") String release) {
        collector.delete(apps.get(app).value(), ReleaseCatalog.objectId("release", release));
        return Answers.empty();
    }

    @POST
    @Path("apps/{app}/gc")
    public Response collect(@PathParam("app") String app) {
        var unused = collector.collect(apps.get(app));
        return Answers.empty();
    }

    @GET
    @Path("apps/{app}/releases")
    public List<Release> releases(@PathParam("app") String app) {
        return releases.of(apps.get(app).value());
    }
}
