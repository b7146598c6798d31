package dev.flynn.controller.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.app.App;
import dev.flynn.api.release.Release;
import dev.flynn.controller.AppCatalog;
import dev.flynn.controller.ReleaseCatalog;
import dev.flynn.controller.ReleaseCollector;
import dev.flynn.controller.Written;
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
    @Told(value = "Creates an app; without a name it gets one.", answer = App.class)
    public Written<App> create(AppCatalog.NewApp request) {
        return apps.createWritten(request);
    }

    @GET
    @Path("apps")
    @Told("All apps, newest first.")
    public List<App> list() {
        return apps.list();
    }

    @GET
    @Path("apps/{app}")
    @Told("One app.")
    public App get(@PathParam("app") String app) {
        return apps.get(app).value();
    }

    @POST
    @Path("apps/{app}")
    @Told(
            value =
                    "Changes meta, strategy, deploy_timeout or protected; unlike elsewhere, unknown fields are refused.",
            body = AppCatalog.NewApp.class)
    public App update(@PathParam("app") String app, JsonNode patch) {
        return apps.update(app, patch);
    }

    @POST
    @Path("apps/{app}/meta")
    @Told(value = "Like the update of the app.", body = AppCatalog.NewApp.class)
    public App updateMeta(@PathParam("app") String app, JsonNode patch) {
        return apps.update(app, patch);
    }

    @DELETE
    @Path("apps/{app}")
    @Told("Queues the deletion of the app; the event app_deletion tells when it is done.")
    public Response delete(@PathParam("app") String app) {
        apps.delete(app);
        return Answers.empty();
    }

    @GET
    @Path("apps/{app}/release")
    @Told("The app's current release.")
    public Release release(@PathParam("app") String app) {
        return apps.release(app);
    }

    @PUT
    @Path("apps/{app}/release")
    @Told("Makes a release the app's current one; no job is started or stopped.")
    public Release setRelease(@PathParam("app") String app, Reference release) {
        return apps.setRelease(app, release.id());
    }

    /** Queued, as {@link #delete} is. */
    @DELETE
    @Path("apps/{app}/releases/{release}")
    @Told("Queues the deletion of a release that is not current; the event release_deletion tells when it is done.")
    public Response deleteRelease(@PathParam("app") String app, @PathParam("release") String release) {
        collector.delete(apps.get(app).value(), ReleaseCatalog.objectId("release", release));
        return Answers.empty();
    }

    @POST
    @Path("apps/{app}/gc")
    @Told("Queues the deletion of old releases that were built here and do not run.")
    public Response collect(@PathParam("app") String app) {
        var unused = collector.collect(apps.get(app));
        return Answers.empty();
    }

    @GET
    @Path("apps/{app}/releases")
    @Told("Releases that the app has, or had, to do with, newest first.")
    public List<Release> releases(@PathParam("app") String app) {
        return releases.of(apps.get(app).value());
    }
}
