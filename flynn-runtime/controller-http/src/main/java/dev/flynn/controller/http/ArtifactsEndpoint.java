package dev.flynn.controller.http;

import dev.flynn.api.release.Artifact;
import dev.flynn.controller.ReleaseCatalog;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import java.util.List;

/** Artifacts. */
@Path("/")
public final class ArtifactsEndpoint {

    private final ReleaseCatalog releases;

    ArtifactsEndpoint(ReleaseCatalog releases) {
        this.releases = releases;
    }

    @POST
    @Path("artifacts")
    @Told("Makes an artifact known; the same type and URI again is the same artifact.")
    public Artifact create(ReleaseCatalog.NewArtifact request) {
        return releases.createArtifact(request);
    }

    @GET
    @Path("artifacts")
    @Told("All artifacts, newest first.")
    public List<Artifact> list() {
        return releases.listArtifacts();
    }

    @GET
    @Path("artifacts/{artifact}")
    @Told("One artifact.")
    public Artifact get(@PathParam("artifact") String artifact) {
        return releases.getArtifact(artifact);
    }
}
