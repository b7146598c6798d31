package dev.flynn.controller.http;

import dev.flynn.api.release.Release;
import dev.flynn.controller.ReleaseCatalog;
import dev.flynn.controller.Written;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import java.util.List;

/** Releases of all apps. */
@Path("/")
public final class ReleasesEndpoint {

    private final ReleaseCatalog releases;

    ReleasesEndpoint(ReleaseCatalog releases) {
        this.releases = releases;
    }

    @POST
    @Path("releases")
    @Told(value = "Creates a release; it never changes afterwards.", answer = Release.class)
    public Written<Release> create(ReleaseCatalog.NewRelease request) {
        return releases.createWritten(request);
    }

    @GET
    @Path("releases")
    @Told("All releases, newest first.")
    public List<Release> list() {
        return releases.list();
    }

    @GET
    @Path("releases/{release}")
    @Told("One release.")
    public Release get(@PathParam("release") String release) {
        return releases.get(release);
    }
}
